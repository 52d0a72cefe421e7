import EventSourcing
import Testing

@testable import Postgres

/// How the server runs a statement.
struct QueryPlan {
    /// The tables that it reads from end to end.
    let scannedWhole: Set<String>
    /// Whether it reads tables, and does no more than that: neither writes nor locks rows.
    let isRead: Bool
    /// Pages of tables and indexes that it has looked at; 0 where it was not run.
    let pages: Int
    /// Rows that went through the steps of the plan, those included that a condition took out; 0 where it was not run.
    let rows: Int

    /// Of a statement that is run, in a transaction that may not write.
    init(of statement: Statement, on connection: Connection) async throws {
        let rows = try await connection.pipeline([
            Statement("select set_config('transaction_read_only', 'on', true)"),
            Statement("explain (analyze, buffers, format json) \(statement.sql)", statement.parameters),
        ])[1]
        try self.init(rows)
    }

    /// Of a statement with parameters that are not known yet, as the server keeps it for a prepared statement. It is not
    /// run.
    init(of query: SQLQuery, on connection: Connection) async throws {
        let nulls = query.parameters.map { _ in "null" }.joined(separator: ", ")
        try await connection.script("prepare explained\(query.signature) as \(query.sql)")
        let rows = try await connection.query(
            "explain (format json) execute explained" + (nulls.isEmpty ? "" : "(\(nulls))"))
        try await connection.script("deallocate explained")
        try self.init(rows)
    }

    private init(_ rows: Rows) throws {
        let report = try #require(try JSON.parse(rows[0].bytes("QUERY PLAN")).array?.first)
        let root = try #require(report["Plan"])
        func nodes(_ node: JSON) -> [JSON] { [node] + (node["Plans"]?.array ?? []).flatMap(nodes) }
        func number(_ name: String, of node: JSON) -> Int { Int(node[name]?.number ?? 0) }
        let nodes = nodes(root)
        scannedWhole = Set(
            nodes.filter { $0["Node Type"]?.string?.hasSuffix("Seq Scan") ?? false }
                .compactMap { $0["Relation Name"]?.string })
        isRead =
            nodes.contains { $0["Relation Name"] != nil }
            && !nodes.contains { ["ModifyTable", "LockRows"].contains($0["Node Type"]?.string) }
        pages = number("Shared Hit Blocks", of: root) + number("Shared Read Blocks", of: root)
        self.rows = nodes.reduce(0) { sum, node in
            let counts = ["Actual Rows", "Rows Removed by Filter", "Rows Removed by Join Filter"]
            let each = counts.reduce(0) { $0 + number($1, of: node) }
            return sum + each * number("Actual Loops", of: node)
        }
    }
}

extension SQLQuery {
    /// The types of its parameters, as `prepare` takes them.
    fileprivate var signature: String {
        parameters.isEmpty ? "" : "(\(parameters.map(\.type.sqlName).joined(separator: ", ")))"
    }
}

extension ValueType {
    fileprivate var sqlName: String {
        switch self {
        case .text: "text"
        case .integer: "bigint"
        case .double: "double precision"
        case .bool: "boolean"
        case .jsonb: "jsonb"
        case .bytea: "bytea"
        case .timestamp: "timestamptz"
        case .texts: "text[]"
        case .integers: "bigint[]"
        case .smallIntegers: "smallint[]"
        case .bools: "boolean[]"
        case .jsonbs: "jsonb[]"
        }
    }
}
