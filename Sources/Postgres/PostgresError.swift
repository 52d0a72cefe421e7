internal import CLibPQ

/// Why PostgreSQL did not do what was asked.
package enum PostgresError: Error, Sendable {
    /// No connection could be made, or it had ended before the request was sent: nothing was done.
    case unreachable(reason: String)
    /// The server, or a pooler before it, is there and has no session to spare now: nothing was done.
    case full(reason: String)
    /// The connection broke, or its deadline passed, after the request was sent: whether it was done is unknown.
    case connectionLost(reason: String)
    /// Too many callers wait for a connection of the pool: nothing was done.
    case overloaded
    /// The task that asked was cancelled before the request was sent: nothing was done.
    case abandoned
    /// The server refused; the transaction that the request was in is rolled back.
    case server(ServerError)
    /// A value is not of the type in which it was asked for.
    case decoding(reason: String)

    /// The server's SQLSTATE, where it was the server that refused.
    package var sqlState: String? {
        guard case .server(let error) = self else { return nil }
        return error.sqlState
    }

    /// Whether the statement gave up waiting for a lock that another session holds.
    package var isLockTimeout: Bool { sqlState == SQLState.lockNotAvailable }

    /// Whether the server rolled back for the sake of others (serialization failure or deadlock) or the request was
    /// never sent, so that the same request may be sent again.
    package var isSafeToRetry: Bool {
        switch self {
        case .unreachable: true
        case .server(let error):
            [SQLState.serializationFailure, SQLState.deadlock, SQLState.lockNotAvailable].contains(error.sqlState)
        case .full, .connectionLost, .overloaded, .abandoned, .decoding: false
        }
    }
}

/// What the server reports of an error. See "Error and Notice Message Fields" in PostgreSQL's documentation.
package struct ServerError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Five characters; see "PostgreSQL Error Codes".
    package let sqlState: String
    package let message: String
    package let detail: String?
    package let hint: String?
    package let context: String?
    /// The file of the server's source that reported it, such as `nbtutils.c`.
    package let source: String?

    package var description: String {
        var text = "\(message) (SQLSTATE \(sqlState))"
        if let detail { text += "; \(detail)" }
        if let hint { text += "; \(hint)" }
        if let context { text += "; \(context)" }
        return text
    }

    init(_ result: OpaquePointer) {
        func field(_ code: Unicode.Scalar) -> String? {
            PQresultErrorField(result, Int32(code.value)).map { String(cString: $0) }
        }
        sqlState = field("C") ?? SQLState.internalError
        message = field("M") ?? String(cString: PQresultErrorMessage(result))
        detail = field("D")
        hint = field("H")
        context = field("W")
        source = field("F")
    }
}

extension PostgresError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unreachable(let reason): "the database cannot be reached: \(reason)"
        case .full(let reason): "the database has no session to spare: \(reason)"
        case .connectionLost(let reason): "the connection to the database was lost: \(reason)"
        case .overloaded: "too many requests wait for a database connection"
        case .abandoned: "nobody waits for the answer of the database any more"
        case .server(let error): error.description
        case .decoding(let reason): "unexpected value from the database: \(reason)"
        }
    }
}
