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
        try await connection.query(
            """
            select build, projection_failures.position, type, stream, sql_state, error
            from projection_failures
            join projection_builds using (build)
            where projection = $1 and state <> 'retired' and projection_failures.position is not null
            order by build
            """, [.text(projection)]
        ).map { row in
            StoppedAtEvent(
                projection: projection, build: try row.integer(0), position: try row.integer(1), type: try row.text(2),
                stream: try row.text(3), sqlState: try row.text(4), error: try row.text(5), isNews: false)
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
        try await connection.query(
            "select position, type, stream, skipped_by from read.skips where projection = $1 order by position",
            [.text(projection)]
        ).map { row throws(PostgresError) in
            LeftOut(
                position: try row.integer(0), type: try row.optionalText(1), stream: try row.optionalText(2),
                recordedAt: try row.integer(3))
        }
    }

    /// Appends `event` to the projection's stream and skips the event at `position`, in one transaction.
    ///
    /// From its commit on every build of the projection passes the event, this one as well as later ones. Where the
    /// connection is lost meanwhile, asking again tells whether it was done.
    package static func record(
        _ event: NewEvent, metadata: EventMetadata, skipping position: Int64, of projection: String,
        on connection: Connection
    ) async throws -> Outcome {
        let row = try await connection.transaction {
            // A comparison or a long range may hold it up, and it those that come after it.
            try await connection.script("set local lock_timeout = '10s'")
            return try await connection.query(
                "select outcome, at from skip_projection_event($1, $2, $3, $4)",
                [.text(projection), .integer(position), .jsonb(event.data), .jsonb(metadata.bytes())])[0]
        }
        switch try row.text(0) {
        case "skipped": return .skipped(recordedAt: try row.integer(1))
        case "skipped_before": return .skippedBefore(recordedAt: try row.integer(1))
        case "applied": return .applied(build: try row.integer(1))
        default: return .notStopped
        }
    }
}
