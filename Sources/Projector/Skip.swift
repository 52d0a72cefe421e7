import EventSourcing
import Postgres

/// Has a projection leave out an event at which it has stopped.
package enum Skip {
    package enum Outcome: Equatable, Sendable {
        /// Done, and recorded as the event at this position.
        case skipped(recordedAt: Int64)
        /// Nothing is done: it was skipped before, as the event at this position says.
        case skippedBefore(recordedAt: Int64)
        /// Nothing is done: this build of the projection has applied the event. Were it skipped, a rebuild would differ.
        case applied(build: Int64)
        /// Nothing is done: no build of the projection has stopped at this event.
        case notStopped
    }

    /// What the builds of a projection have stopped at, by build.
    package static func stops(of projection: String, on connection: Connection) async throws -> [StoppedAtEvent] {
        try await connection.query(Self.stopping, ["projection": .text(projection)]).map { row in
            StoppedAtEvent(
                projection: projection, build: try row.integer("build"), position: try row.integer("position"),
                type: try row.text("type"), stream: try row.text("stream"), sqlState: try row.text("sql_state"),
                error: try row.text("error"), isNews: false)
        }
    }

    /// An event that a projection leaves out, whatever its SQL.
    package struct LeftOut: Sendable, Equatable {
        package let position: Int64
        /// Nil where the event that says so is archived.
        package let type: String?
        package let stream: String?
        /// The position of the `ProjectionEventSkipped` that says who skipped it and why.
        package let recordedAt: Int64
    }

    /// What a projection leaves out, in the order of positions.
    package static func leftOut(
        of projection: String, on connection: Connection
    ) async throws(PostgresError) -> [LeftOut] {
        try await connection.query(Self.leavingOut, ["projection": .text(projection)]).map {
            row throws(PostgresError) in
            LeftOut(
                position: try row.integer("position"), type: try row.optionalText("type"),
                stream: try row.optionalText("stream"), recordedAt: try row.integer("skipped_by"))
        }
    }

    /// Appends `event` to the projection's stream and skips the event at `position`, in one transaction.
    ///
    /// From its commit on every build of the projection passes the event, this one as well as later ones. Where the
    /// connection is lost meanwhile, asking again tells whether it was done.
    package static func record(
        _ event: NewEvent, by actor: String?, skipping position: Int64, of projection: String,
        on connection: Connection
    ) async throws -> Outcome {
        let row = try await connection.transaction {
            // A comparison or a long range may hold it up, and it those that come after it.
            try await connection.script("set local lock_timeout = '10s'")
            return try await connection.query(
                Self.recording,
                [
                    "projection": .text(projection), "position": .integer(position), "data": .jsonb(event.data),
                    "actor": .text(actor),
                ])[0]
        }
        switch try row.text("outcome") {
        case "skipped": return .skipped(recordedAt: try row.integer("at"))
        case "skipped_before": return .skippedBefore(recordedAt: try row.integer("at"))
        case "applied": return .applied(build: try row.integer("at"))
        default: return .notStopped
        }
    }
}

extension Skip {
    private static let stopping = SQLQuery(
        "stops_of_projection",
        """
        select build, projection_failures.position, type, stream, sql_state, error
        from projection_failures
        join projection_builds using (build)
        where projection = :projection and state <> 'retired' and projection_failures.position is not null
        order by build
        """, parameters: ["projection": .text],
        columns: [
            "build": .integer, "position": .integer, "type": .text, "stream": .text, "sql_state": .text, "error": .text,
        ])

    private static let leavingOut = SQLQuery(
        "skips_of_projection",
        """
        select position, type, stream, skipped_by from read.skips where projection = :projection order by position
        """, parameters: ["projection": .text],
        columns: ["position": .integer, "type": .text, "stream": .text, "skipped_by": .integer])

    private static let recording = SQLQuery(
        "skip_projection_event",
        "select outcome, at from skip_projection_event(:projection, :position, :data, :actor)",
        parameters: ["projection": .text, "position": .integer, "data": .jsonb, "actor": .text],
        columns: ["outcome": .text, "at": .integer])

    static let queries = [stopping, leavingOut, recording]
}
