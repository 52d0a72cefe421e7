import EventSourcing
import Postgres
import Testing

/// How the server ran a statement.
struct QueryPlan {
    /// The large tables that it read from end to end.
    let scannedWhole: Set<String>
    let milliseconds: Double

    init(of statement: Statement, on connection: Connection) async throws {
        let rows = try await connection.query(
            "explain (analyze, format json) \(statement.sql)", statement.parameters)
        let report = try #require(try JSON.parse(rows[0].bytes(0)).array?.first)
        func nodes(_ node: JSON) -> [JSON] { [node] + (node["Plans"]?.array ?? []).flatMap(nodes) }
        scannedWhole = Set(
            nodes(report["Plan"] ?? .null)
                .filter { $0["Node Type"]?.string?.hasSuffix("Seq Scan") ?? false }
                .compactMap { $0["Relation Name"]?.string }
                .filter { $0.hasPrefix("events_") || QueryFixture.largeTables.contains($0) })
        milliseconds = try #require(report["Execution Time"]?.number)
    }
}
