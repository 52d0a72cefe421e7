import EventSourcing

/// What the files in `openapi/` hold, taken together.
struct OpenAPIFragments {
    struct Key: Hashable {
        /// Below `Route.base`.
        let path: String
        /// In lower case.
        let method: String
    }

    /// Everything of the document that is neither paths nor components: one fragment gives it.
    private(set) var head: JSONObject = [:]
    var operations: [Key: JSONObject] = [:]
    private(set) var components: JSONObject = [:]
    /// What a member of this name means, wherever a schema does not say otherwise.
    private(set) var members: JSONObject = [:]

    /// - Throws: where the fragment is none, or gives what an earlier one gave.
    mutating func add(_ fragment: JSON, from file: String) throws(OpenAPIDocument.Invalid) {
        guard let parts = fragment.object else { throw .init("\(file) is no object") }
        for (name, value) in parts {
            switch (name, value) {
            case ("paths", .object(let paths)):
                for (path, item) in paths { try add(item, at: path, from: file) }
            case ("components", .object(let kinds)):
                for (kind, named) in kinds { try add(named, of: kind, from: file) }
            case ("members", .object(let named)):
                for (member, description) in named {
                    guard members[member] == nil else { throw .init("\(file) gives members/\(member) again") }
                    members[member] = description
                }
            case ("paths", _), ("components", _), ("members", _): throw .init("\(file): \(name) is no object")
            default:
                guard head[name] == nil else { throw .init("\(file) gives \(name) again") }
                head[name] = value
            }
        }
    }

    private mutating func add(_ item: JSON, at path: String, from file: String) throws(OpenAPIDocument.Invalid) {
        for (method, operation) in item.object ?? [:] {
            let key = Key(path: path, method: method)
            guard let operation = operation.object else { throw .init("\(file): \(method) \(path) is no object") }
            guard operations[key] == nil else { throw .init("\(file) gives \(method) \(path) again") }
            operations[key] = operation
        }
    }

    private mutating func add(_ named: JSON, of kind: String, from file: String) throws(OpenAPIDocument.Invalid) {
        var all = components[kind]?.object ?? [:]
        for (name, component) in named.object ?? [:] {
            guard all[name] == nil else { throw .init("\(file) gives components/\(kind)/\(name) again") }
            all[name] = component
        }
        components[kind] = .object(all)
    }
}
