import Counting
import Postgres
import Release

/// Who runs a reaction: of all processes on a database one at a time, the one whose session holds the reaction's advisory
/// lock.
///
/// The server ends the session, and with it the lock, as soon as the process is gone; within three seconds where it cannot
/// be reached or does not come to speak (`ReactionTurn.session`). Then another process takes over.
struct ReactionTurn: Sendable {
    /// For a session that speaks every second.
    static let session = """
        set idle_session_timeout = '3s';
        set client_connection_check_interval = '1s';
        set tcp_user_timeout = '3s'; set tcp_keepalives_idle = 1; set tcp_keepalives_interval = 1;
        set tcp_keepalives_count = 2
        """

    let reaction: ReactionName
    let connection: Connection

    private var lock: SessionLock { SessionLock(.reactions, reaction.text) }

    /// - Returns: whether the reaction is this session's to run from here on.
    func take() async throws(PostgresError) -> Bool {
        guard try await lock.tryToTake(on: connection) else { return false }
        try await connection.query(
            Self.beginning, ["reaction": .text(reaction.text), "process": .text(ThisProcess.name)])
        return true
    }

    /// Says that the session is alive.
    func show() async throws(PostgresError) {
        try await connection.query(Self.sight, ["reaction": .text(reaction.text)])
    }

    /// Gives the reaction up in order.
    func giveUp() async throws(PostgresError) {
        _ = try await connection.pipeline([
            Self.ending.statement(["reaction": .text(reaction.text), "process": .text(ThisProcess.name)]),
            lock.givingUp, Notification(channel: Reactions.channel, payload: reaction.text).sending,
        ])
    }

    /// Does `body` while the event at which the reaction has stopped cannot be skipped.
    func withoutSkips(_ body: () async throws -> Void) async throws {
        let skips = SessionLock(.reactionSkips, reaction.text)
        try await skips.take(isShared: true, on: connection)
        do { try await body() } catch {
            try? await skips.giveUp(isShared: true, on: connection)
            throw error  // a session that is lost has given the lock up
        }
        try await skips.giveUp(isShared: true, on: connection)
    }
}

extension ReactionTurn {
    private static let beginning = SQLQuery(
        "begin_turn_of_reaction",
        """
        update reactions
        set process = :process, began_at = clock_timestamp(), seen_at = clock_timestamp(), ended_at = null
        where reaction = :reaction
        """, parameters: ["reaction": .text, "process": .text])

    private static let sight = SQLQuery(
        "show_turn_of_reaction",
        """
        update reactions set seen_at = clock_timestamp()
        where reaction = :reaction and seen_at < clock_timestamp() - interval '5 seconds'
        """, parameters: ["reaction": .text])

    private static let ending = SQLQuery(
        "end_turn_of_reaction",
        """
        update reactions set seen_at = clock_timestamp(), ended_at = clock_timestamp()
        where reaction = :reaction and process = :process
        """, parameters: ["reaction": .text, "process": .text])

    static let queries = [beginning, sight, ending]
}
