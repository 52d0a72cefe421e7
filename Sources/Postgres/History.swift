import Logging
import Synchronization

/// Which of the histories that a database may come to have its sessions are on.
///
/// A failover to a replica or a restore may take back what was committed and let something else follow in its place, so
/// what a process remembers of a database holds for one history only. Histories are numbered from 1 as they are found:
/// each session finds out on which one it is before it serves its first request, so nothing that a new history holds is
/// seen before its number is. The number changes with the server's cluster, timeline, start and database, and where the
/// database no longer holds the last mark that was seen of it.
///
/// Shared by all pools and sessions of a `ConnectionTarget` and its copies.
package final class History: Sendable {
    /// Something that stays in a history for good once it was seen there, and that another one does not hold: a position
    /// of a log, with the time at which it was taken.
    package struct Mark: Hashable, Sendable {
        package let position: Int64
        /// Microseconds since 1970, UTC.
        package let time: Int64

        package init(position: Int64, time: Int64) {
            self.position = position
            self.time = time
        }

        package var parameters: [Parameter] { [.integer(position), .timestamp(time)] }
    }

    /// What tells servers apart, one start of a server from the next, and the databases of one.
    private struct Identity: Hashable {
        let system: Int64
        /// 0 while the server follows another one, or where the role may not ask.
        let timeline: Int64
        let database: Int64
        /// Microseconds since 1970, UTC.
        let startedAt: Int64
    }

    private struct State {
        var number: Int64 = 1
        var identity: Identity?
        var mark: Mark?
    }

    private let holds: String
    private let logger: Logger
    private let state = Mutex(State())

    /// - Parameter holds: SQL that says whether the database holds the mark of position `$1` and time `$2`. Where it
    ///   cannot be run, as before the first migration, no mark is missed.
    package init(holding holds: String, logger: Logger) {
        self.holds = holds
        self.logger = logger
    }

    /// The number of the history that was found last.
    package var number: Int64 { state.withLock(\.number) }

    /// The highest mark that was seen of a history; nil where there is none, or it is not the last one that was found.
    package func mark(of number: Int64) -> Mark? {
        state.withLock { $0.number == number ? $0.mark : nil }
    }

    /// Remembers a mark that a history was seen to hold.
    package func note(_ mark: Mark, of number: Int64) {
        state.withLock { state in
            guard state.number == number, mark.position > state.mark?.position ?? .min else { return }
            state.mark = mark
        }
    }

    /// Ends a history under whose number a mark was found missing.
    package func end(_ number: Int64) {
        let hasEnded = state.withLock { state in
            if state.number != number { return false }
            state.number += 1
            state.mark = nil
            return true
        }
        if hasEnded { warn("the database lacks what it held before") }
    }

    /// The number of the history that a new session is on.
    func number(of connection: Connection) async throws(PostgresError) -> Int64 {
        let identity = try await identity(of: connection)
        let mark = state.withLock(\.mark)
        var isMissed = false
        if let mark {
            do throws(PostgresError) {
                let rows = try await connection.pipeline([Statement(holds, mark.parameters, prepared: false)])
                isMissed = try !rows[0][0].bool(0)
            } catch {
                guard case .server = error else { throw error }
            }
        }
        let (number, isOther) = state.withLock { state in
            let isOther = state.identity != nil && state.identity != identity
            // Where the mark is another one by now, the session that changed it has looked.
            if isOther || isMissed && state.mark == mark {
                state.number += 1
                state.mark = nil
            }
            defer { state.identity = identity }
            return (state.number, isOther)
        }
        if isMissed {
            warn("the database lacks what it held before")
        } else if isOther {
            logger.info("the database's server is another one or was started again; nothing remembered of it is used")
        }
        return number
    }

    private func warn(_ reason: String) {
        logger.warning(
            "the database's history has changed, as after a failover or a restore; nothing remembered of it is used",
            metadata: ["reason": "\(reason)"])
    }

    private func identity(of connection: Connection) async throws(PostgresError) -> Identity {
        do throws(PostgresError) {
            return try await identity(
                of: connection, system: "(select system_identifier from pg_control_system())",
                timeline: """
                    case when pg_is_in_recovery() then 0
                         else ('x' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8))::bit(32)::bigint end
                    """)
        } catch {
            guard case .server = error else { throw error }
            // What everybody may ask.
            return try await identity(of: connection, system: "0::bigint", timeline: "0::bigint")
        }
    }

    private func identity(
        of connection: Connection, system: String, timeline: String
    ) async throws(PostgresError) -> Identity {
        let row = try await connection.pipeline([
            Statement(
                """
                select
                  \(system) as system, \(timeline) as timeline, pg_postmaster_start_time() as started_at,
                  (select oid::bigint from pg_database where datname = current_database()) as database
                """, prepared: false)
        ])[0][0]
        return Identity(
            system: try row.integer("system"), timeline: try row.integer("timeline"),
            database: try row.integer("database"), startedAt: try row.timestamp("started_at"))
    }
}
