import EventLog
import Postgres

/// One filling of a read model: its schema, its checkpoint and its row in `projection_builds`.
package struct Build: Hashable, Sendable {
    package enum State: String, Sendable {
        case building, active, retired
        /// Filled to be compared with the active build, and dropped.
        case scratch
    }

    package let id: Int64
    package let projection: String
    package let definition: String
    package let state: State
    /// The last position that its tables reflect.
    package let position: Int64
    let isIndexed: Bool

    var schema: String { "\(projection)_b\(id)" }

    /// All builds of a projection, oldest first.
    package static func all(of projection: String, on connection: Connection) async throws -> [Build] {
        let rows = try await connection.query(
            """
            select build, projection, definition, state, position, indexed
            from projection_builds
            join projection_checkpoints using (build)
            where projection = $1
            order by build
            """, [.text(projection)])
        return try rows.map { row in
            guard let state = State(rawValue: try row.text(3)) else {
                throw PostgresError.decoding(reason: "a build is \(try row.text(3))")
            }
            return Build(
                id: try row.integer(0), projection: try row.text(1), definition: try row.text(2), state: state,
                position: try row.integer(4), isIndexed: try row.bool(5))
        }
    }

    /// Makes an empty build in one transaction, locked by this session against other fillers.
    /// Throws SQLSTATE 23505 where another build of the projection is being filled.
    /// - Parameter throttle: how much of the time its filler is to apply events, 1 to 100 percent.
    static func create(
        _ definition: ProjectionDefinition, as state: State = .building, throttle: Int64 = 100,
        on connection: Connection
    ) async throws -> Build {
        let sources = try definition.sources
        return try await connection.transaction {
            let row = try await connection.query(
                """
                insert into projection_builds (projection, definition, sources, state, throttle)
                values ($1, encode(sha256($2), 'hex'), convert_from($2, 'UTF8')::jsonb, $3, $4)
                returning build, definition
                """,
                [.text(definition.name), .bytea(sources), .text(state.rawValue), .integer(throttle)])[0]
            let build = Build(
                id: try row.integer(0), projection: definition.name, definition: try row.text(1), state: state,
                position: 0, isIndexed: false)
            _ = try await build.lock(on: connection)
            // Whatever was asked for, this is it.
            if state == .building {
                try await connection.query(
                    "delete from projection_rebuilds where projection = $1", [.text(definition.name)])
            }
            try await connection.query(
                "insert into projection_checkpoints (build, position) values ($1, 0)", [.integer(build.id)])
            try await connection.script(
                "create schema \(build.schema); set local search_path = \(build.schema), public")
            try await connection.script(ProjectionDefinition.batchView)
            for view in definition.eventViews.values { try await connection.script(view.sql) }
            try await connection.script(definition.tables)
            try await connection.script(definition.applyFunction)
            try await connection.query("select pg_notify('footfall_builds', $1)", [.text(definition.name)])
            return build
        }
    }

    /// Sets how much of the time the projection's unfinished build is filled, 1 to 100 percent.
    /// - Returns: that build; nil where there is none.
    package static func throttle(
        _ projection: String, to percent: Int64, on connection: Connection
    ) async throws(PostgresError) -> Int64? {
        try await connection.query(
            "update projection_builds set throttle = $2 where projection = $1 and state = 'building' returning build",
            [.text(projection), .integer(percent)]
        ).first?.integer(0)
    }

    /// The hash under which `create` would file the definition.
    static func hash(of definition: ProjectionDefinition, on connection: Connection) async throws -> String {
        try await connection.query("select encode(sha256($1), 'hex')", [.bytea(try definition.sources)])[0].text(0)
    }

    /// What one step of `advance_build` did.
    struct Step {
        let isRetired: Bool
        /// Nothing was applied: the next events must be loaded from the archive.
        let isArchived: Bool
        let from: Int64
        let to: Int64
        let head: Int64

        var isAtHead: Bool { to >= head }
    }

    /// Applies up to `limit` further events and moves the checkpoint, in one transaction; in one round trip, unless they
    /// are archived.
    /// Throws the server's error where the build's SQL cannot take one of them.
    func attempt(by limit: Int64, on connection: Connection) async throws -> Step {
        let step = try await step(by: limit, on: connection)
        guard step.isArchived else { return step }
        return try await connection.transaction {
            try await ArchivedEvents(on: connection).load(after: step.from, limit: limit)
            let step = try await self.step(by: limit, on: connection)
            if step.isArchived {
                throw PostgresError.decoding(reason: "the archive lacks events after position \(step.from)")
            }
            try await connection.query("delete from archived_events")
            return step
        }
    }

    private func step(by limit: Int64, on connection: Connection) async throws(PostgresError) -> Step {
        let row = try await connection.query(
            "select state, from_position, to_position, head from advance_build($1, $2)",
            [.integer(id), .integer(limit)])[0]
        let state = try row.text(0)
        if state == State.retired.rawValue { return Step(isRetired: true, isArchived: false, from: 0, to: 0, head: 0) }
        return Step(
            isRetired: false, isArchived: state == "archived", from: try row.integer(1), to: try row.integer(2),
            head: try row.integer(3))
    }

    /// Takes the session's lock on filling this build; false where another session fills it.
    func lock(on connection: Connection) async throws(PostgresError) -> Bool {
        try await connection.query(
            "select pg_try_advisory_lock($1::int, $2::int)", [.lock(LockSpace.builds), .integer(id)])[0]
            .bool(0)
    }

    /// Gives up the session's lock, once for each time it was taken.
    func unlock(on connection: Connection) async throws(PostgresError) {
        try await connection.query(
            "select pg_advisory_unlock($1::int, $2::int)", [.lock(LockSpace.builds), .integer(id)])
    }

    /// Drops the build's tables and its row. Waits no more than half a second for readers that are still at them.
    func drop(on connection: Connection) async throws {
        try await connection.transaction {
            try await connection.script("set local lock_timeout = '500ms'; drop schema if exists \(schema) cascade")
            try await connection.query("delete from projection_builds where build = $1", [.integer(id)])
        }
    }
}
