internal import CLibPQ
import Foundation

/// How a session begins: before it serves its first request.
extension Session {
    /// A connection in pipeline mode that does not block and whose settings are those that this module expects; the
    /// caller frees it. Blocks the calling thread: for the target's `connectTimeout` at each address that the server
    /// has, and for what is left of it, at least a second, until the settings are made.
    /// - Throws: `full` where a server answers but gives no session, `unreachable` otherwise.
    static func connect(to target: ConnectionTarget) throws(PostgresError) -> OpaquePointer {
        let began = ContinuousClock.now
        let options = [
            ("dbname", target.url), ("application_name", target.applicationName), ("client_encoding", "UTF8"),
            ("connect_timeout", String(max(2, target.connectTimeout.components.seconds))),
        ]
        let keywords = options.map { strdup($0.0) } + [nil]
        let values = options.map { strdup($0.1) } + [nil]
        defer { for text in keywords + values { free(text) } }
        let connection = PQconnectdbParams(
            keywords.map { UnsafePointer($0) }, values.map { UnsafePointer($0) }, 1)
        guard let connection else { throw .unreachable(reason: "out of memory") }
        do throws(PostgresError) {
            if PQstatus(connection) != CONNECTION_OK { try askAgain(connection, since: began) }
            PQsetNoticeProcessor(connection, { _, _ in }, nil)
            try setUp(connection, for: target, by: max(began + target.connectTimeout, .now + .seconds(1)))
        } catch {
            PQfinish(connection)
            throw error
        }
        return connection
    }

    /// libpq tells why a server refused a session in the server's language alone. Its SQLSTATE comes of a second
    /// attempt, where the first has not used up the time: the server, or its absence, answered at once.
    private static func askAgain(_ connection: OpaquePointer, since began: ContinuousClock.Instant)
        throws(PostgresError)
    {
        let reason = message(connection)
        guard began.duration(to: .now) < .seconds(1) else { throw .unreachable(reason: reason) }
        PQsetErrorVerbosity(connection, PQERRORS_SQLSTATE)
        PQreset(connection)
        if PQstatus(connection) == CONNECTION_OK {
            PQsetErrorVerbosity(connection, PQERRORS_DEFAULT)
            return
        }
        // PgBouncer's refusal has the SQLSTATE of a protocol violation, and always this text.
        let isFull =
            message(connection).hasSuffix(SQLState.tooManyConnections) || reason.contains("no more connections allowed")
        if isFull { throw .full(reason: reason) }
        throw .unreachable(reason: reason)
    }

    private static func setUp(
        _ connection: OpaquePointer, for target: ConnectionTarget, by deadline: ContinuousClock.Instant
    ) throws(PostgresError) {
        guard PQsetnonblocking(connection, 1) == 0 else { throw .unreachable(reason: message(connection)) }
        // Compiling a statement takes a second where the planner, of tables that were never analyzed, expects much of it.
        // A backend whose client has gone would otherwise work on to the end of its statement, and hold its locks.
        try run(
            """
            set timezone = 'UTC'; set intervalstyle = 'iso_8601'; set client_min_messages = warning; set jit = off; \
            set client_connection_check_interval = '2s'; \
            set lock_timeout = \(milliseconds(target.lockTimeout))\
            \(target.statementTimeout.map { "; set statement_timeout = \(milliseconds($0))" } ?? "")
            """, on: connection, by: deadline)
        guard PQenterPipelineMode(connection) == 1 else { throw .unreachable(reason: message(connection)) }
    }

    /// As the server's settings have it, where 0 stands for no limit.
    private static func milliseconds(_ limit: Duration?) -> Int64 {
        limit.map { max(1, Int64($0 / .milliseconds(1))) } ?? 0
    }

    /// Runs the statements of a text outside of pipeline mode, and throws away what they answer.
    /// - Throws: `full` where the deadline passes: a pooler takes a client in before it has a session for it.
    private static func run(
        _ sql: String, on connection: OpaquePointer, by deadline: ContinuousClock.Instant
    ) throws(PostgresError) {
        guard PQsendQuery(connection, sql) == 1 else { throw .unreachable(reason: message(connection)) }
        while true {
            let isUnsent = PQflush(connection)
            if isUnsent < 0 { throw .unreachable(reason: message(connection)) }
            while PQisBusy(connection) == 0 {
                guard let result = PQgetResult(connection) else { return }
                defer { PQclear(result) }
                if PQresultStatus(result) != PGRES_COMMAND_OK { throw .unreachable(reason: message(connection)) }
            }
            let left = ContinuousClock.now.duration(to: deadline)
            guard left > .zero else {
                throw .full(reason: "it took the connection, and did not begin a session in time")
            }
            var descriptor = pollfd(
                fd: PQsocket(connection), events: Int16(POLLIN | (isUnsent == 1 ? POLLOUT : 0)), revents: 0)
            _ = poll(&descriptor, 1, Int32(clamping: Int64((left / .milliseconds(1)).rounded(.up))))
            if descriptor.revents != 0, PQconsumeInput(connection) == 0 {
                throw .unreachable(reason: message(connection))
            }
        }
    }
}
