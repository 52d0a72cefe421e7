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
        let rows = try await connection.query(Self.ofProjection, ["projection": .text(projection)])
        return try rows.map { row in
            guard let state = State(rawValue: try row.text("state")) else {
                throw PostgresError.decoding(reason: "a build is \(try row.text("state"))")
            }
            return Build(
                id: try row.integer("build"), projection: try row.text("projection"),
                definition: try row.text("definition"), state: state, position: try row.integer("position"),
                isIndexed: try row.bool("indexed"))
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
                Self.creation,
                [
                    "projection": .text(definition.name), "sources": .bytea(sources), "state": .text(state.rawValue),
                    "throttle": .integer(throttle),
                ])[0]
            let build = Build(
                id: try row.integer("build"), projection: definition.name, definition: try row.text("definition"),
                state: state, position: 0, isIndexed: false)
            _ = try await build.lock(on: connection)
            // Whatever was asked for, this is it.
            if state == .building {
                try await connection.query(Self.requestRemoval, ["projection": .text(definition.name)])
            }
            try await connection.query(Self.checkpoint, ["build": .integer(build.id)])
            try await connection.script(
                "create schema \(build.schema); set local search_path = \(build.schema), public")
            try await connection.script(ProjectionDefinition.batchView)
            for view in definition.eventViews.values { try await connection.script(view.sql) }
            try await connection.script(definition.tables)
            try await connection.script(definition.applyFunction)
            try await connection.notify(Projector.buildsChannel, definition.name)
            return build
        }
    }

    /// Sets how much of the time the projection's unfinished build is filled, 1 to 100 percent.
    /// - Returns: that build; nil where there is none.
    package static func throttle(
        _ projection: String, to percent: Int64, on connection: Connection
    ) async throws(PostgresError) -> Int64? {
        try await connection.query(Self.throttling, ["projection": .text(projection), "percent": .integer(percent)])
            .first?.integer("build")
    }

    /// The hash under which `create` would file the definition.
    static func hash(of definition: ProjectionDefinition, on connection: Connection) async throws -> String {
        try await connection.query(Self.hashing, ["sources": .bytea(try definition.sources)])[0].text("hash")
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
        let row = try await connection.query(Self.advancing, ["build": .integer(id), "limit": .integer(limit)])[0]
        let state = try row.text("state")
        if state == State.retired.rawValue { return Step(isRetired: true, isArchived: false, from: 0, to: 0, head: 0) }
        return Step(
            isRetired: false, isArchived: state == "archived", from: try row.integer("from_position"),
            to: try row.integer("to_position"), head: try row.integer("head"))
    }

    /// Takes the session's lock on filling this build; false where another session fills it.
    func lock(on connection: Connection) async throws(PostgresError) -> Bool {
        try await sessionLock.tryToTake(on: connection)
    }

    /// Gives up the session's lock, once for each time it was taken.
    func unlock(on connection: Connection) async throws(PostgresError) {
        try await sessionLock.giveUp(on: connection)
    }

    private var sessionLock: SessionLock { SessionLock(.builds, id) }

    /// Drops the build's tables and its row. Waits no more than half a second for readers that are still at them.
    func drop(on connection: Connection) async throws {
        try await connection.transaction {
            try await connection.script("set local lock_timeout = '500ms'; drop schema if exists \(schema) cascade")
            try await connection.query(Self.removal, ["build": .integer(id)])
        }
    }
}

extension Build {
    private static let ofProjection = SQLQuery(
        "builds_of_projection",
        """
        select build, projection, definition, state, position, indexed
        from projection_builds
        join projection_checkpoints using (build)
        where projection = :projection
        order by build
        """, parameters: ["projection": .text],
        columns: [
            "build": .integer, "projection": .text, "definition": .text, "state": .text, "position": .integer,
            "indexed": .bool,
        ])

    private static let creation = SQLQuery(
        "create_build",
        """
        insert into projection_builds (projection, definition, sources, state, throttle)
        values (:projection, encode(sha256(:sources), 'hex'), convert_from(:sources, 'UTF8')::jsonb, :state, :throttle)
        returning build, definition
        """, parameters: ["projection": .text, "sources": .bytea, "state": .text, "throttle": .integer],
        columns: ["build": .integer, "definition": .text])

    private static let throttling = SQLQuery(
        "throttle_build",
        """
        update projection_builds set throttle = :percent where projection = :projection and state = 'building'
        returning build
        """, parameters: ["projection": .text, "percent": .integer], columns: ["build": .integer])

    private static let hashing = SQLQuery(
        "hash_of_definition", "select encode(sha256(:sources), 'hex') as hash", parameters: ["sources": .bytea],
        columns: ["hash": .text])

    static let advancing = SQLQuery(
        "advance_build", "select state, from_position, to_position, head from advance_build(:build, :limit)",
        parameters: ["build": .integer, "limit": .integer],
        columns: ["state": .text, "from_position": .integer, "to_position": .integer, "head": .integer])

    static let requestRemoval = SQLQuery(
        "remove_request_of_rebuild", "delete from projection_rebuilds where projection = :projection",
        parameters: ["projection": .text])

    private static let checkpoint = SQLQuery(
        "make_checkpoint", "insert into projection_checkpoints (build, position) values (:build, 0)",
        parameters: ["build": .integer])

    private static let removal = SQLQuery(
        "remove_build", "delete from projection_builds where build = :build", parameters: ["build": .integer])

    /// All of the module, for tests.
    package static let queries =
        [
            ofProjection, creation, throttling, hashing, advancing, requestRemoval, checkpoint, removal,
            BuildGauges.stages, Stops.waiting, BuildKeeper.request, Rebuild.throttling,
            BackendCancellation.cancellation,
            ComparedTable.columns,
        ] + faults + BuildCompletion.queries + DefinitionChoice.queries + ProjectionShares.queries
        + SampleCheck.queries + Skip.queries
}
