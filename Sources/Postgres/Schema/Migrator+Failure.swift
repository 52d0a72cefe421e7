extension Migrator {
    package enum Failure: Error, Equatable, CustomStringConvertible {
        case unreadable(path: String, reason: String)
        case misnamed(name: String)
        case misnamedObject(name: String)
        case duplicateNumber(names: [String])
        case unknownNeed(of: String, String)
        case needsInCircle(names: [String])
        case edited(name: String)
        case unknown(name: String)
        case laterObject(name: String, release: String)
        case failed(name: String, reason: String)

        package var description: String {
            switch self {
            case .unreadable(let path, let reason): "the migrations in \(path) cannot be read: \(reason)"
            case .misnamed(let name): "\(name) is not named like a migration, 0001_what_it_does.sql"
            case .misnamedObject(let name): "functions/\(name) is not named like a function or view"
            case .duplicateNumber(let names): "\(names.joined(separator: " and ")) have the same number"
            case .unknownNeed(let name, let missing):
                "functions/\(name).sql needs \(missing), for which there is no file"
            case .needsInCircle(let names): "\(names.joined(separator: ", ")) need one another in a circle"
            case .edited(let name):
                "\(name) has been edited since it was applied to this database; restore it and add a new migration"
            case .unknown(let name):
                "this database holds \(name), which this release does not know; it belongs to a later release"
            case .laterObject(let name, let release):
                "this database holds \(name) as release \(release) has it, which is later than this one"
            case .failed(let name, let reason): "\(name) failed and changed nothing: \(reason)"
            }
        }
    }
}
