/// A function or a view of the database, made by a file of its own with `create or replace`, and with it what belongs to
/// it alone, such as the triggers that call a function.
///
/// The file is named after it: `append_events.sql`, `read.audit.sql`. Bodies of functions are checked once all are there,
/// so functions may call one another in any order. What has to be there before says a line of the file's header:
///
///     -- Needs: read.projections, is_lock_held
package struct SchemaObject: Hashable, Sendable {
    /// As SQL names it; without a schema where that is `public`.
    package let name: String
    package let sql: String

    package init(name: String, sql: String) {
        self.name = name
        self.sql = sql
    }

    /// What has to be there before.
    package var needs: [String] {
        let prefix = "-- Needs:"
        return sql.split(separator: "\n").prefix { $0.hasPrefix("--") }.filter { $0.hasPrefix(prefix) }.flatMap {
            line in
            line.dropFirst(prefix.count).split(separator: ",").map { String($0.filter { $0 != " " }) }
        }
    }

    /// The objects in an order in which each comes after what it needs; by name where that leaves a choice.
    static func inOrder(_ objects: [SchemaObject]) throws(Migrator.Failure) -> [SchemaObject] {
        var waiting = objects.sorted { $0.name < $1.name }
        let known = Set(waiting.map(\.name))
        for object in waiting {
            if let missing = object.needs.first(where: { !known.contains($0) }) {
                throw .unknownNeed(of: object.name, missing)
            }
        }
        var ordered: [SchemaObject] = []
        var done: Set<String> = []
        while !waiting.isEmpty {
            guard let next = waiting.firstIndex(where: { done.isSuperset(of: $0.needs) }) else {
                throw .needsInCircle(names: waiting.map(\.name))
            }
            done.insert(waiting[next].name)
            ordered.append(waiting.remove(at: next))
        }
        return ordered
    }
}
