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

    /// - Returns: whether the reaction is this session's to run from here on.
    func take() async throws(PostgresError) -> Bool {
        let isTaken = try await connection.query(
            "select pg_try_advisory_lock($1::int, hashtext($2))",
            [.lock(LockSpace.reactions), .text(reaction.text)])[0].bool(0)
        guard isTaken else { return false }
        try await connection.query(
            """
            update reactions
            set process = $2, began_at = clock_timestamp(), seen_at = clock_timestamp(), ended_at = null
            where reaction = $1
            """, [.text(reaction.text), .text(ThisProcess.name)])
        return true
    }

    /// Says that the session is alive.
    func show() async throws(PostgresError) {
        try await connection.query(
            """
            update reactions set seen_at = clock_timestamp()
            where reaction = $1 and seen_at < clock_timestamp() - interval '5 seconds'
            """, [.text(reaction.text)])
    }

    /// Gives the reaction up in order.
    func giveUp() async throws(PostgresError) {
        _ = try await connection.pipeline([
            Statement(
                """
                update reactions set seen_at = clock_timestamp(), ended_at = clock_timestamp()
                where reaction = $1 and process = $2
                """, [.text(reaction.text), .text(ThisProcess.name)]),
            Statement(
                "select pg_advisory_unlock($1::int, hashtext($2))",
                [.lock(LockSpace.reactions), .text(reaction.text)]),
            Statement("select pg_notify($1, $2)", [.text(Reactions.channel), .text(reaction.text)]),
        ])
    }

    /// Does `body` while the event at which the reaction has stopped cannot be skipped.
    func withoutSkips(_ body: () async throws -> Void) async throws {
        let key: [Parameter] = [.lock(LockSpace.reactionSkips), .text(reaction.text)]
        try await connection.query("select pg_advisory_lock_shared($1::int, hashtext($2))", key)
        do { try await body() } catch {
            _ = try? await connection.query("select pg_advisory_unlock_shared($1::int, hashtext($2))", key)
            throw error  // a session that is lost has given the lock up
        }
        try await connection.query("select pg_advisory_unlock_shared($1::int, hashtext($2))", key)
    }
}
