import Counting
import EventSourcing
import Postgres

/// How far a reaction has come, and what it remembers: its row in `reactions`.
struct ReactionCheckpoint: Sendable {
    /// What the row holds.
    struct Place: Sendable {
        /// The last event that was acted on, or left out.
        let position: Int64
        let state: JSON
        /// Events after the position that are to be left out.
        let skipped: Set<Int64>
        /// Whether it was recorded that the reaction does not go on.
        let hasFailed: Bool
        /// The event at which it has stopped.
        let stoppedAt: Int64?
    }

    /// Another process has moved the checkpoint meanwhile: it runs the reaction now.
    struct Overtaken: Error, CustomStringConvertible {
        let reaction: ReactionName
        var description: String { "another process has gone on with the reaction \(reaction)" }
    }

    let reaction: ReactionName
    let connection: Connection

    /// Makes the row where there is none.
    func register(_ start: ReactionStart, _ state: JSON) async throws(PostgresError) {
        let position: Int64? = if case .after(let position) = start { position } else { nil }
        try await connection.query(
            Self.registration,
            ["reaction": .text(reaction.text), "position": .integer(position), "state": .jsonb(state.bytes)])
    }

    /// Makes the row, where there is none, of what acts by the clock and reads no events.
    func registerWithoutPosition() async throws(PostgresError) {
        try await connection.query(Self.registrationWithoutPosition, ["reaction": .text(reaction.text)])
    }

    func load() async throws -> Place {
        let row = try await connection.query(Self.place, ["reaction": .text(reaction.text)]).first
        guard let row else { throw PostgresError.decoding(reason: "the reaction \(reaction) has no row") }
        return Place(
            position: try row.integer("position"), state: try JSON.parse(try row.text("state")),
            skipped: Set(try row.integers("skipped").compactMap(\.self)), hasFailed: try row.bool("has_failed"),
            stoppedAt: try row.optionalInteger("stopped_at"))
    }

    /// Moves the checkpoint, in one transaction with the state; what the reaction had stopped at is past.
    func save(_ position: Int64, _ state: JSON, from earlier: Int64) async throws {
        let moved = try await connection.query(
            Self.move,
            [
                "reaction": .text(reaction.text), "position": .integer(position), "state": .jsonb(state.bytes),
                "earlier": .integer(earlier),
            ])
        if moved.isEmpty { throw Overtaken(reaction: reaction) }
    }

    /// Records that the reaction does not go on.
    /// - Parameter event: that it has stopped at; nil where the fault is not an event's.
    /// - Returns: whether that is news.
    func fail(_ reason: String, at event: RecordedEvent?) async throws(PostgresError) -> Bool {
        let changed = try await connection.query(
            Self.failure,
            [
                "reaction": .text(reaction.text), "position": .integer(event?.position), "type": .text(event?.type),
                "stream": .text(event?.stream.rawValue), "error": .text(reason),
            ])
        return !changed.isEmpty
    }

    /// What it had failed at is past.
    func recover() async throws(PostgresError) {
        try await connection.query(Self.recovery, ["reaction": .text(reaction.text)])
    }
}

extension ReactionCheckpoint {
    /// At the log's end where there is no position.
    private static let registration = SQLQuery(
        "register_reaction",
        """
        insert into reactions (reaction, position, state)
        select :reaction, coalesce(:position, log_head.position), :state from log_head
        on conflict (reaction) do nothing
        """, parameters: ["reaction": .text, "position": .integer, "state": .jsonb])

    private static let registrationWithoutPosition = SQLQuery(
        "register_reaction_without_position",
        "insert into reactions (reaction) values (:reaction) on conflict (reaction) do nothing",
        parameters: ["reaction": .text])

    private static let place = SQLQuery(
        "place_of_reaction",
        """
        select
          reactions.position, state::text as state,
          (
            select coalesce(array_agg(reaction_skips.position), '{}')
            from reaction_skips
            where reaction_skips.reaction = reactions.reaction and reaction_skips.position > reactions.position
          ) as skipped,
          reaction_failures.reaction is not null as has_failed, reaction_failures.position as stopped_at
        from reactions
        left join reaction_failures using (reaction)
        where reactions.reaction = :reaction
        """, parameters: ["reaction": .text],
        columns: [
            "position": .integer, "state": .text, "skipped": .integers, "has_failed": .bool, "stopped_at": .integer,
        ])

    private static let move = SQLQuery(
        "move_reaction",
        """
        with moved as (
          update reactions set position = :position, state = :state, updated_at = clock_timestamp()
          where reaction = :reaction and position = :earlier
          returning reaction
        ),
        cleared as (
          delete from reaction_failures where reaction in (select reaction from moved)
        )
        select reaction from moved
        """, parameters: ["reaction": .text, "position": .integer, "state": .jsonb, "earlier": .integer],
        columns: ["reaction": .text])

    private static let failure = SQLQuery(
        "record_failure_of_reaction",
        """
        insert into reaction_failures as known (reaction, position, type, stream, error)
        values (:reaction, :position, :type, :stream, :error)
        on conflict (reaction) do update
        set
          position = excluded.position, type = excluded.type, stream = excluded.stream, error = excluded.error,
          failed_at = excluded.failed_at
        where (known.position, known.error) is distinct from (excluded.position, excluded.error)
        returning reaction
        """,
        parameters: ["reaction": .text, "position": .integer, "type": .text, "stream": .text, "error": .text],
        columns: ["reaction": .text])

    private static let recovery = SQLQuery(
        "recover_reaction", "delete from reaction_failures where reaction = :reaction", parameters: ["reaction": .text])

    /// All of the module, for tests.
    static let queries =
        [registration, registrationWithoutPosition, place, move, failure, recovery, CameraMonitor.suspects]
        + ReactionSkip.queries + ReactionTurn.queries
}
