/// The SQLSTATEs that Footfall acts on by name, and what each SQLSTATE says about whose fault an error is.
///
/// Source: PostgreSQL 15's documentation, appendix A, "PostgreSQL Error Codes".
package enum SQLState {
    package static let datetimeOverflow = "22008"
    package static let invalidParameterValue = "22023"
    package static let uniqueViolation = "23505"
    package static let readOnly = "25006"
    package static let serializationFailure = "40001"
    package static let deadlock = "40P01"
    package static let undefinedTable = "42P01"
    package static let undefinedColumn = "42703"
    package static let wrongObjectType = "42809"
    package static let undefinedFunction = "42883"
    package static let invalidFunctionDefinition = "42P13"
    package static let invalidTableDefinition = "42P16"
    package static let undefinedSchema = "3F000"
    package static let duplicateDatabase = "42P04"
    package static let diskFull = "53100"
    package static let tooManyConnections = "53300"
    package static let programLimit = "54000"
    package static let notInPrerequisiteState = "55000"
    package static let objectInUse = "55006"
    package static let lockNotAvailable = "55P03"
    package static let queryCanceled = "57014"
    package static let adminShutdown = "57P01"
    package static let crashShutdown = "57P02"
    package static let idleSessionTimeout = "57P05"
    package static let internalError = "XX000"

    package static let callMadeBefore = Raised.callMadeBefore.rawValue
    package static let masterKeyReplaced = Raised.masterKeyReplaced.rawValue
    package static let requestTakenOver = Raised.requestTakenOver.rawValue
    package static let historyChanged = Raised.historyChanged.rawValue
    package static let unknownSchemaVersion = Raised.unknownSchemaVersion.rawValue

    /// Those that Footfall's own functions raise, each for one reason and by one function. A test holds SQL to this list.
    package enum Raised: String, CaseIterable, Sendable {
        /// Of `begin_append_call`: this append call was made before.
        case callMadeBefore = "FF001"
        /// Of `hold_master_key`: it is not the current one.
        case masterKeyReplaced = "FF002"
        /// Of `hold_requests`: a request under a key was taken over by another attempt.
        case requestTakenOver = "FF003"
        /// Of `hold_history`: the log does not hold what the caller has seen of it.
        case historyChanged = "FF004"
        /// Of `append_events`, which catches it: not every append of the batch can be accepted.
        case batchDoesNotFit = "FF005"
        /// Of `refuse_schema_version`: a read model does not know the schema version of an event.
        case unknownSchemaVersion = "FF010"
    }

    /// What has to change before the same statement can succeed.
    package enum Fault: String, CaseIterable, Sendable {
        /// The data: the statement cannot do with it what it does, and will fail with it again.
        case data
        /// The statement, the schema, or what its role may do. Nothing else helps.
        case statement
        /// The database's present state: no session, no room, a lock, an operator, a standby. By itself, or by an
        /// operator's hand, the same succeeds later.
        case database
        /// The server's files or its program: damage that no repetition mends.
        case server
    }

    /// By the first two characters. What is not here is unknown: the statement's fault, which is retried by no one and
    /// blamed on no event.
    package static let faultsOfClasses: [String: Fault] = [
        "03": .statement,  // SQL statement not yet complete
        "08": .database,  // connection exception
        "09": .statement,  // triggered action exception
        "0A": .statement,  // feature not supported
        "0B": .statement,  // invalid transaction initiation
        "0F": .statement,  // locator exception
        "0L": .statement,  // invalid grantor
        "0P": .statement,  // invalid role specification
        "0Z": .statement,  // diagnostics exception
        "20": .data,  // PL/pgSQL's case without a branch for the value
        "21": .data,  // cardinality violation
        "22": .data,  // data exception
        "23": .data,  // integrity constraint violation
        "24": .statement,  // invalid cursor state
        "25": .statement,  // invalid transaction state
        "26": .statement,  // invalid SQL statement name
        "27": .statement,  // triggered data change violation
        "28": .statement,  // invalid authorization specification
        "2B": .statement,  // dependent privilege descriptors still exist
        "2D": .statement,  // invalid transaction termination
        "2F": .statement,  // SQL routine exception
        "34": .statement,  // invalid cursor name
        "38": .statement,  // external routine exception
        "39": .statement,  // external routine invocation exception
        "3B": .statement,  // savepoint exception
        "3D": .statement,  // invalid catalog name
        "3F": .statement,  // invalid schema name
        "40": .database,  // transaction rollback
        "42": .statement,  // syntax error or access rule violation
        "44": .data,  // with check option violation
        "53": .database,  // insufficient resources
        "54": .statement,  // program limit exceeded: columns, arguments
        "55": .database,  // object not in prerequisite state
        "57": .database,  // operator intervention
        "58": .database,  // system error
        "72": .database,  // snapshot failure
        "F0": .server,  // configuration file error
        "HV": .statement,  // foreign data wrapper error
        "P0": .data,  // PL/pgSQL's raise, no data found, too many rows, assertion
        "XX": .server,  // internal error
    ]

    /// Those that are not as the rest of their class.
    package static let faultsOfCodes: [String: Fault] = [
        readOnly: .database,
        "25P03": .database,  // a transaction was idle for too long, and its session ended
        programLimit: .database,  // a full NOTIFY queue; a value too large, too: see ServerError.fault
        "54001": .database,  // statement too complex: the depth of the server's stack
        unknownSchemaVersion: .data,
    ]

    package static func fault(of code: String) -> Fault {
        faultsOfCodes[code] ?? faultsOfClasses[String(code.prefix(2))] ?? .statement
    }

    /// The server's source files that report, as 54000, a value or row that is too large for what it is stored in.
    fileprivate static let sourcesOfSizeLimits: Set<String> = [
        "nbtutils.c", "indextuple.c", "hio.c", "hashinsert.c", "gist.c", "ginentrypage.c", "spgdoinsert.c",
        "tsvector.c", "tsvector_op.c", "to_tsany.c", "jsonb.c", "jsonb_util.c", "arrayutils.c", "arrayfuncs.c",
        "array_userfuncs.c", "varlena.c",
    ]
}

extension ServerError {
    /// Of 54000, which is a full NOTIFY queue as well as a key too large for an index, the source that reported it tells.
    package var fault: SQLState.Fault {
        if sqlState == SQLState.programLimit, let source, SQLState.sourcesOfSizeLimits.contains(source) { return .data }
        return SQLState.fault(of: sqlState)
    }
}

extension PostgresError {
    /// What has to change before the same can be done; nil where it is unknown whether it was done.
    package var fault: SQLState.Fault? {
        switch self {
        case .server(let error): error.fault
        case .unreachable, .full, .overloaded, .abandoned: .database
        case .decoding: .statement
        case .connectionLost: nil
        }
    }

    /// Whether nothing was done for the database's sake, so that the same may be asked for later.
    package var isPassing: Bool { fault == .database }
}
