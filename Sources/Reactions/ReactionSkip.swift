import EventSourcing
import Postgres

/// Has a reaction leave out an event at which it has stopped.
package enum ReactionSkip {
    package enum Outcome: Equatable, Sendable {
        /// Done, and recorded as the event at this position. The reaction goes on with the next event.
        case skipped(recordedAt: Int64)
        /// Nothing is done: it was skipped before, as the event at this position says.
        case skippedBefore(recordedAt: Int64)
        /// Nothing is done: the reaction has acted on the event.
        case passed
        /// Nothing is done: the reaction has not stopped at this event.
        case notStopped
    }

    /// The event at which a reaction has stopped.
    package struct Stop: Equatable, Sendable {
        package let position: Int64
        package let type: String
        package let stream: String
        package let error: String
    }

    /// What a reaction has stopped at; nil where it goes on.
    package static func stop(of reaction: String, on connection: Connection) async throws(PostgresError) -> Stop? {
        try await connection.query(Self.stopping, ["reaction": .text(reaction)]).first.map {
            row throws(PostgresError) in
            Stop(
                position: try row.integer("position"), type: try row.text("type"), stream: try row.text("stream"),
                error: try row.text("error"))
        }
    }

    /// Appends `event` to the reaction's stream and moves the reaction past the event at `position`, in one transaction.
    ///
    /// What the reaction has appended or done because of the event before it stopped there stays done. Where the
    /// connection is lost meanwhile, asking again tells whether it was done.
    package static func record(
        _ event: NewEvent, by actor: String?, skipping position: Int64, of reaction: String,
        on connection: Connection
    ) async throws -> Outcome {
        let row = try await connection.transaction {
            // The event may be in a retry.
            try await connection.script("set local lock_timeout = '10s'")
            return try await connection.query(
                Self.recording,
                [
                    "reaction": .text(reaction), "position": .integer(position), "data": .jsonb(event.data),
                    "actor": .text(actor),
                ])[0]
        }
        switch try row.text("outcome") {
        case "skipped": return .skipped(recordedAt: try row.integer("at"))
        case "skipped_before": return .skippedBefore(recordedAt: try row.integer("at"))
        case "passed": return .passed
        default: return .notStopped
        }
    }
}

extension ReactionSkip {
    private static let stopping = SQLQuery(
        "stop_of_reaction",
        """
        select position, type, stream, error from reaction_failures where reaction = :reaction and position is not null
        """, parameters: ["reaction": .text],
        columns: ["position": .integer, "type": .text, "stream": .text, "error": .text])

    private static let recording = SQLQuery(
        "skip_reaction_event", "select outcome, at from skip_reaction_event(:reaction, :position, :data, :actor)",
        parameters: ["reaction": .text, "position": .integer, "data": .jsonb, "actor": .text],
        columns: ["outcome": .text, "at": .integer])

    static let queries = [stopping, recording]
}
