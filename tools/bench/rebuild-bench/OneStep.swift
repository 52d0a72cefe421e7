import EventSourcing
import Postgres

/// A read model that is made by its own SQL, as a build keeps it, run over the whole log at once by one session: what
/// PostgreSQL does without any engine around it.
struct OneStep {
    let projection: String
    let connection: Connection

    private var schema: String { "one_step_\(projection)" }

    /// Makes its tables again and fills them.
    /// - Returns: how long the filling took.
    func fill() async throws -> Duration {
        let sources = try await sources()
        guard let batch = sources["batch.sql"], let tables = sources["tables.sql"], let apply = sources["apply.sql"]
        else { throw PostgresError.decoding(reason: "the build of \(projection) has no SQL") }
        try await connection.script(
            "drop schema if exists \(schema) cascade; create schema \(schema); set search_path = \(schema), public")
        try await connection.script(batch)
        for name in sources.keys.sorted() where name.hasPrefix("_events/") {
            try await connection.script(sources[name] ?? "")
        }
        try await connection.script(tables)
        let began = ContinuousClock.now
        try await connection.script(
            """
            begin;
            select
              set_config('footfall.after', '0', true), set_config('footfall.upto', position::text, true)
            from log_head;
            \(apply);
            commit
            """)
        let took = began.duration(to: .now)
        try await connection.script("reset search_path")
        return took
    }

    /// In how many rows it and the active build differ: none where both are right.
    func differences() async throws -> Int64 {
        let tables = try await connection.query(Self.tables, ["schema": .text(schema)])
        var differing: Int64 = 0
        for table in tables {
            let name = try table.text("name")
            let (one, other) = (
                "to_jsonb(one) from \(schema).\(name) as one", "to_jsonb(other) from read.\(name) as other"
            )
            differing += try await connection.query(
                """
                select count(*) from (
                  (select \(one) except all select \(other)) union all (select \(other) except all select \(one))
                ) as differing
                """)[0].integer("count")
        }
        return differing
    }

    private static let tables = SQLQuery(
        "tables_of_schema",
        """
        select table_name::text as name
        from information_schema.tables
        where table_schema = :schema and table_type = 'BASE TABLE'
        """, parameters: ["schema": .text], columns: ["name": .text])

    private static let sources = SQLQuery(
        "sources_of_active_build",
        "select sources from projection_builds where projection = :projection and state = 'active'",
        parameters: ["projection": .text], columns: ["sources": .bytes])

    /// All SQL that makes the active build, by file name.
    private func sources() async throws -> [String: String] {
        let row = try await connection.query(Self.sources, ["projection": .text(projection)])[0]
        let members = try JSON.parse(row.bytes("sources")).object ?? [:]
        return Dictionary(
            members.compactMap { name, sql in sql.string.map { (name, $0) } }, uniquingKeysWith: { first, _ in first })
    }
}
