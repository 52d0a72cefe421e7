import Foundation

extension Migrator {
    /// Reads the `*.sql` files of a folder, and those of `functions` in it, where there is one.
    package init(folder: URL) throws(Failure) {
        var migrations: [Migration] = []
        for (name, sql) in try Self.files(in: folder) {
            guard let number = name.wholeMatch(of: /([0-9]{4})_[a-z0-9_]+\.sql/).flatMap({ Int64($0.1) }) else {
                throw .misnamed(name: name)
            }
            migrations.append(Migration(number: number, name: name, sql: sql))
        }
        let functions = folder.appending(path: "functions")
        var objects: [SchemaObject] = []
        if FileManager.default.fileExists(atPath: functions.path) {
            for (name, sql) in try Self.files(in: functions) {
                guard let match = name.wholeMatch(of: /((?:[a-z][a-z0-9_]*\.)?[a-z][a-z0-9_]*)\.sql/) else {
                    throw .misnamedObject(name: name)
                }
                objects.append(SchemaObject(name: String(match.1), sql: sql))
            }
        }
        try self.init(migrations, objects: objects)
    }

    private static func files(in folder: URL) throws(Failure) -> [(name: String, sql: String)] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: folder.path)
                .filter { $0.hasSuffix(".sql") }
                .map { ($0, try String(contentsOf: folder.appending(path: $0), encoding: .utf8)) }
        } catch {
            throw .unreadable(path: folder.path, reason: error.localizedDescription)
        }
    }
}
