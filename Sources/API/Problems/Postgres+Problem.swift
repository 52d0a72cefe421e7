import Counting
import Postgres

extension PostgresError: ProblemConvertible {
    var problem: Problem {
        switch self {
        case .unreachable, .full, .connectionLost: return .passing(.databaseUnavailable, "Try again.")
        case .overloaded, .abandoned: return .passing(.overloaded, "Too many requests are waiting; retry.")
        // A table or column that no active build has yet.
        case .server(let error)
        where [SQLState.undefinedTable, SQLState.undefinedSchema, SQLState.undefinedColumn].contains(error.sqlState):
            return .passing(.notReady, "The read model is being built for the first time.")
        case .server where isLockTimeout:
            return .passing(.databaseUnavailable, "Another session of the database holds a lock; retry.")
        case .server(let error) where error.sqlState == SQLState.datetimeOverflow:
            let rule = InvalidValue(.outOfRange, "The times asked for lie too far apart, or too far away.")
            return .validationFailed([Fault(at: .parameter("from"), rule)])
        case .server(let error) where error.fault == .database:
            return .passing(.databaseUnavailable, "Nothing was changed; retry.")
        case .server, .decoding: return .internalError
        }
    }
}
