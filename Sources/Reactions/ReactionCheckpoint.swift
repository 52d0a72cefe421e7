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
            """
            insert into reactions (reaction, position, state)
            select $1, coalesce($2, log_head.position), $3 from log_head
            on conflict (reaction) do nothing
            """, [.text(reaction.text), .integer(position), .jsonb(state.bytes)])
    }

    /// Makes the row, where there is none, of what acts by the clock and reads no events.
    func registerWithoutPosition() async throws(PostgresError) {
        try await connection.query(
            "insert into reactions (reaction) values ($1) on conflict (reaction) do nothing", [.text(reaction.text)])
    }

    func load() async throws -> Place {
        let row = try await connection.query(
            """
            select
              reactions.position, state::text,
              (
                select coalesce(array_agg(reaction_skips.position), '{}')
                from reaction_skips
                where reaction_skips.reaction = reactions.reaction and reaction_skips.position > reactions.position
              ),
              reaction_failures.reaction is not null, reaction_failures.position
            from reactions
            left join reaction_failures using (reaction)
            where reactions.reaction = $1
            """, [.text(reaction.text)]
        ).first
        guard let row else { throw PostgresError.decoding(reason: "the reaction \(reaction) has no row") }
        return Place(
            position: try row.integer(0), state: try JSON.parse(try row.text(1)),
            skipped: Set(try row.integers(2).compactMap(\.self)), hasFailed: try row.bool(3),
            stoppedAt: try row.optionalInteger(4))
    }

    /// Moves the checkpoint, in one transaction with the state; what the reaction had stopped at is past.
    func save(_ position: Int64, _ state: JSON, from earlier: Int64) async throws {
        let moved = try await connection.query(
            """
            with moved as (
              update reactions set position = $2, state = $3, updated_at = clock_timestamp()
              where reaction = $1 and position = $4
              returning reaction
            ),
            cleared as (
              delete from reaction_failures where reaction in (select reaction from moved)
            )
            select reaction from moved
            """, [.text(reaction.text), .integer(position), .jsonb(state.bytes), .integer(earlier)])
        if moved.isEmpty { throw Overtaken(reaction: reaction) }
    }

    /// Records that the reaction does not go on.
    /// - Parameter event: that it has stopped at; nil where the fault is not an event's.
    /// - Returns: whether that is news.
    func fail(_ reason: String, at event: RecordedEvent?) async throws(PostgresError) -> Bool {
        let changed = try await connection.query(
            """
            insert into reaction_failures as known (reaction, position, type, stream, error)
            values ($1, $2, $3, $4, $5)
            on conflict (reaction) do update
            set
              position = excluded.position, type = excluded.type, stream = excluded.stream, error = excluded.error,
              failed_at = excluded.failed_at
            where (known.position, known.error) is distinct from (excluded.position, excluded.error)
            returning reaction
            """,
            [
                .text(reaction.text), .integer(event?.position), .text(event?.type), .text(event?.stream.rawValue),
                .text(reason),
            ])
        return !changed.isEmpty
    }

    /// What it had failed at is past.
    func recover() async throws(PostgresError) {
        try await connection.query("delete from reaction_failures where reaction = $1", [.text(reaction.text)])
    }
}
