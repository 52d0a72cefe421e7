import Installation
import Logging
import Postgres
import Projector

/// Rebuilds each read model and fills an equal table by a single statement, in turn, and compares.
struct Speed {
    let target: ConnectionTarget
    let logger: Logger
    let rounds: Int

    func measure(_ definitions: [ProjectionDefinition]) async throws -> [Measurement] {
        let connection = try await Connection.open(target, logger: logger)
        defer { connection.close() }
        try await connection.script("create schema single")
        let events = try await connection.query("select position from log_head")[0].integer(0)
        for definition in definitions { try await rebuild(definition) }

        var plain: [String: [Duration]] = [:]
        var inMemory: [String: [Duration]] = [:]
        var rebuilds: [String: [Duration]] = [:]
        for _ in 0..<rounds {
            for definition in definitions {
                let name = definition.name
                try await connection.script("reset jit; reset work_mem")
                plain[name, default: []].append(try await fill(name, on: connection))
                rebuilds[name, default: []].append(try await rebuild(definition))
                // As favourable as can be: nothing spills to disk, nothing is compiled for one use.
                try await connection.script("set jit = off; set work_mem = '1GB'")
                inMemory[name, default: []].append(try await fill(name, on: connection))
            }
        }
        var measurements: [Measurement] = []
        for definition in definitions {
            let name = definition.name
            var statement = Measurement(
                "\(name)_statement",
                "one insert … select … group by from the same events, by JSON, into the same table with its primary key; "
                    + "a session as psql has it")
            statement.timed(plain[name] ?? [], events: events)
            var rebuilt = Measurement(
                "\(name)_rebuild",
                "the rebuild by Footfall: create, fill, index, analyze, swap, drop of the old build")
            rebuilt.timed(rebuilds[name] ?? [], events: events)
            rebuilt.compare(with: statement, target: name == "hourly_counts" ? 0.8 : 0.5)
            rebuilt.figures = ["differing_rows": Double(try await differences(name, on: connection))]
            var tuned = Measurement(
                "\(name)_statement_1gb", "the statement with 1 GB of work_mem and without JIT: nothing spills to disk")
            tuned.timed(inMemory[name] ?? [], events: events)
            var ofTuned = Measurement("\(name)_rebuild_1gb", "the rebuild compared with that; it has 64 MB")
            ofTuned.timed(rebuilds[name] ?? [], events: events)
            ofTuned.compare(with: tuned, target: name == "hourly_counts" ? 0.8 : 0.5)
            measurements += [statement, rebuilt, tuned, ofTuned]
        }
        return measurements
    }

    @discardableResult private func rebuild(_ definition: ProjectionDefinition) async throws -> Duration {
        let began = ContinuousClock.now
        try await Rebuild(definition, on: target, logger: logger).run()
        return began.duration(to: .now)
    }

    private func fill(_ name: String, on connection: Connection) async throws -> Duration {
        let table = "single.\(name)"
        let build = try await connection.query(
            "select build_schema(projection, build) from projection_builds where projection = $1 and state = 'active'",
            [.text(name)])[0].text(0)
        try await connection.script(
            "drop table if exists \(table); create table \(table) (like \(build).\(name) including all)")
        let statement = (SingleStatements.all[name] ?? "").replacing("TABLE", with: table)
        let began = ContinuousClock.now
        try await connection.script(statement)
        return began.duration(to: .now)
    }

    /// In how many rows the two ways differ: none where both are right.
    private func differences(_ name: String, on connection: Connection) async throws -> Int64 {
        try await connection.query(
            """
            select count(*) from (
              (select * from single.\(name) except select * from read.\(name))
              union all (select * from read.\(name) except select * from single.\(name))
            ) as differing
            """)[0].integer(0)
    }
}
