import EventSourcing
import Postgres

/// A session of the database that keeps others from the log or the read models, as the function
/// `blocking_sessions` finds it. What the database's role may not see of it is nil.
package struct BlockingSession: Hashable, Sendable, CustomStringConvertible {
    package let pid: Int64
    package let applicationName: String?
    /// As `pg_stat_activity` has it: `idle in transaction`, for instance.
    package let state: String?
    /// When its transaction began.
    package let since: Timestamp?
    /// Its last statement.
    package let query: String?
    package let object: String
    package let lockMode: String

    /// Without its statement, which may hold what is not for everybody.
    package var description: String {
        let who = [applicationName, state].compactMap { $0 }.filter { !$0.isEmpty }.joined(separator: ", ")
        return "pid \(pid)\(who.isEmpty ? "" : " (\(who))") holds \(lockMode) on \(object)"
            + (since.map { " in a transaction since \($0.rfc3339)" } ?? "")
    }

    package var json: JSON {
        [
            "pid": .integer(pid), "application_name": applicationName.map(JSON.string) ?? .null,
            "state": state.map(JSON.string) ?? .null, "query": query.map(JSON.string) ?? .null,
            "transaction_began_at": since.map { .string($0.rfc3339) } ?? .null,
            "lock_object": .string(object), "lock_mode": .string(lockMode),
        ]
    }

    /// Those that hold a lock for a second or longer, the one whose transaction is the oldest first; five at most. Waits
    /// for no lock itself.
    package static func all(on pool: Pool) async throws(PostgresError) -> [BlockingSession] {
        try await pool.query(finding.statement()).map { row throws(PostgresError) in try BlockingSession(row) }
    }

    /// The same, on a connection.
    package static func all(on connection: Connection) async throws(PostgresError) -> [BlockingSession] {
        try await connection.query(finding).map { row throws(PostgresError) in try BlockingSession(row) }
    }

    /// Who is in the way of appends, in a sentence.
    static func inTheWay(of pool: Pool) async -> String {
        let sessions = (try? await all(on: pool)) ?? []  // who it is cannot be found out then
        return sessions.first.map(\.description) ?? "a session that has ended since"
    }

    static let finding = SQLQuery(
        "blocking_sessions",
        """
        select pid, application_name, state, transaction_began_at, query, lock_object, lock_mode
        from blocking_sessions()
        """,
        columns: [
            "pid": .integer, "application_name": .text, "state": .text, "transaction_began_at": .timestamp,
            "query": .text, "lock_object": .text, "lock_mode": .text,
        ])

    private init(_ row: Row) throws(PostgresError) {
        pid = try row.integer("pid")
        applicationName = try row.optionalText("application_name")
        state = try row.optionalText("state")
        since = try row.optionalTimestamp("transaction_began_at").map { Timestamp(microseconds: $0) }
        query = try row.optionalText("query")
        object = try row.text("lock_object")
        lockMode = try row.text("lock_mode")
    }
}
