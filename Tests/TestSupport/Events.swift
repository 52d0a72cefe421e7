import EventLog
import EventSourcing
import Postgres

/// An event of a type, with a little data.
package func event(_ type: String) -> NewEvent { NewEvent(type: type, data: ["name": .string(type)]) }

/// The value with its objects' members in a fixed order, since a store need not keep theirs.
package func reordered(_ json: JSON) -> JSON {
    switch json {
    case .object(let members):
        .object(
            members.sorted { ($0.key.utf8.count, $0.key) < ($1.key.utf8.count, $1.key) }
                .reduce(into: [:]) { $0[$1.key] = reordered($1.value) })
    case .array(let elements): .array(elements.map(reordered))
    default: json
    }
}

extension AppendOutcome {
    package var name: String {
        switch self {
        case .appended: "appended"
        case .conflict: "conflict"
        case .duplicate: "duplicate"
        case .closed: "closed"
        case .missing: "missing"
        }
    }

    package var appended: Appended? {
        guard case .appended(let appended) = self else { return nil }
        return appended
    }

    package var positions: ClosedRange<Int64>? { appended?.positions }
    package var version: Int64? { appended?.version }
}

/// A log on a test's database, with the pool that it reads through.
package func withPostgresLog<Value>(
    _ target: ConnectionTarget, _ body: (PostgresEventLog, Pool) async throws -> Value
) async throws -> Value {
    let readers = Pool(target, size: 4, logger: .silent)
    let writer = Pool(target, size: 2, logger: .silent)
    defer {
        readers.close()
        writer.close()
    }
    return try await body(PostgresEventLog(readers: readers, writer: writer), readers)
}
