internal import CLibPQ
import Foundation

/// How a session begins: before it serves its first request.
extension Session {
    /// A connection in pipeline mode that does not block and whose settings are those that this module expects; the
    /// caller frees it. Blocks the calling thread.
    static func connect(to target: ConnectionTarget) throws(PostgresError) -> OpaquePointer {
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

        PQsetNoticeProcessor(connection, { _, _ in }, nil)
        // Compiling a statement takes a second where the planner, of tables that were never analyzed, expects much of it.
        let setUp = """
            set timezone = 'UTC'; set intervalstyle = 'iso_8601'; set client_min_messages = warning; set jit = off; \
            set lock_timeout = \(target.lockTimeout.map { Int64($0 / .milliseconds(1)) } ?? 0)
            """
        let reply = PQstatus(connection) == CONNECTION_OK ? PQexec(connection, setUp) : nil
        let isReady = PQresultStatus(reply) == PGRES_COMMAND_OK
        PQclear(reply)
        guard isReady, PQsetnonblocking(connection, 1) == 0, PQenterPipelineMode(connection) == 1 else {
            let reason = Session.message(connection)
            PQfinish(connection)
            throw .unreachable(reason: reason)
        }
        return connection
    }
}
