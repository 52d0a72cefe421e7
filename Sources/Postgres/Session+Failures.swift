internal import CLibPQ
import Foundation

/// What libpq tells of errors, as errors of this module.
extension Session {
    /// What a result says went wrong; nil where nothing did.
    static func failure(of result: OpaquePointer, _ connection: OpaquePointer) -> PostgresError? {
        let status = PQresultStatus(result)
        guard status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE else { return nil }
        let error = ServerError(result)
        // An error without SQLSTATE is libpq's own: the connection broke. A session that is being terminated
        // (57P01, for instance) may have committed before it said so.
        let isTermination = [SQLState.adminShutdown, SQLState.crashShutdown, SQLState.idleSessionTimeout]
            .contains(error.sqlState)
        if PQresultErrorField(result, Int32(Unicode.Scalar("C").value)) == nil || isTermination {
            return .connectionLost(reason: error.message)
        }
        return .server(error)
    }

    static func message(_ connection: OpaquePointer) -> String {
        String(cString: PQerrorMessage(connection)).trimmingCharacters(in: .whitespacesAndNewlines)
    }
}

extension PostgresError {
    var reasonText: String {
        switch self {
        case .connectionLost(let reason), .unreachable(let reason), .full(let reason): reason
        default: description
        }
    }
}
