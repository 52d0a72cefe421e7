import EventSourcing
import Postgres

/// Compares one table of two schemas in SQL, whole sets at a time.
struct TableComparison {
    private let table: ComparedTable
    private let maximumSamples: Int

    /// The differences of every table that either schema has. The caller's transaction holds both still.
    ///
    /// - Parameter camera: compares only tables whose primary key begins with `camera_id`, and of those only this
    ///   camera's rows; nil compares everything.
    static func all(
        active: String, rebuilt: String, camera: Int64? = nil, maximumSamples: Int, on connection: Connection
    ) async throws -> [TableDifferences] {
        var differences: [TableDifferences] = []
        for table in try await ComparedTable.all(active: active, rebuilt: rebuilt, camera: camera, on: connection) {
            let comparison = TableComparison(table: table, maximumSamples: maximumSamples)
            differences.append(try await comparison.differences(on: connection))
        }
        return differences
    }

    private func differences(on connection: Connection) async throws -> TableDifferences {
        var differences = TableDifferences(table: table.name)
        differences.columnsAdded = table.columnsAdded
        differences.columnsRemoved = table.columnsRemoved
        let counts = try await rows(of: table.countsSQL, on: connection)[0]
        differences.activeRows = try counts.integer("active_rows")
        differences.rebuiltRows = try counts.integer("rebuilt_rows")
        for kind in TableDifferences.Kind.allCases {
            let count = try counts.integer(kind.rawValue)
            differences.counts[kind] = count
            if count == 0 || maximumSamples == 0 { continue }
            for row in try await rows(of: table.samplesSQL(kind, limit: maximumSamples), on: connection) {
                differences.samples.append(
                    TableDifferences.Sample(
                        kind: kind, key: try Self.masked(row, "key"), active: try Self.masked(row, "active_row"),
                        rebuilt: try Self.masked(row, "rebuilt_row")))
            }
        }
        return differences
    }

    private func rows(of sql: String, on connection: Connection) async throws -> Rows {
        try await connection.pipeline([Statement(sql, prepared: false)])[0]
    }

    /// Columns whose names end so hold secrets, which no sample shows.
    private static let secretSuffixes = ["credentials", "password", "secret", "stream_path", "token"]

    private static func masked(_ row: Row, _ column: String) throws -> JSON? {
        guard let bytes = try row.optionalBytes(column), case .object(var members) = try JSON.parse(bytes) else {
            return nil
        }
        for name in members.keys where secretSuffixes.contains(where: name.hasSuffix) && members[name] != .null {
            members[name] = "***"
        }
        return .object(members)
    }
}
