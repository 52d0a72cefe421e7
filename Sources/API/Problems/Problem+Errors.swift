import Counting
import EventSourcing
import Hummingbird
import NIOCore
import Postgres
import Secrets

/// What inner errors mean to the user.
extension Problem {
    init(_ error: any Error) {
        switch error {
        case let problem as Problem: self = problem
        case let error as CommandError<Camera.Rejection>: self.init(error)
        case let error as EventLogError: self.init(error)
        case let error as PostgresError: self.init(error)
        case let error as EventDecodingError: self.init(error)
        case CameraVault.Failure.erased: self.init(Camera.Rejection.removed)
        case let error as HTTPError where error.status == .notFound:
            self.init(.routeNotFound, "No route leads here; see the list of routes in the documentation.")
        case is NIOTooManyBytesError: self = .bodyTooLarge(maximum: Request.maximumBodyBytes)
        default: self = .internalError
        }
    }

    static let requestUnderWay = Problem.passing(
        .requestUnderWay, "The first request under this Idempotency-Key has not ended yet; send the same again.")

    static let internalError = Problem(.internalError, "The request could not be served; the log says why.")

    /// A stale version lacks the changes since: `Precondition` adds them.
    init(_ error: CommandError<Camera.Rejection>) {
        switch error {
        case .rejected(let rejection): self.init(rejection)
        case .stale(let actual):
            self.init(
                .staleVersion, "The camera now has version \(actual).", members: ["actual_version": .integer(actual)])
        case .closed: self.init(Camera.Rejection.removed)
        case .contended: self = .passing(.contended, "Too many changes came at the same time; try again.")
        case .unreadable(let error): self.init(error)
        case .log(let error): self.init(error)
        }
    }

    init(_ rejection: Camera.Rejection) {
        switch rejection {
        case .unknown: self.init(.cameraNotFound, "No camera has this id.")
        case .removed: self.init(.cameraRemoved, "The camera was removed; its id is not used again.")
        case .alreadyRegistered: self.init(.cameraAlreadyRegistered, "A camera with this id is registered already.")
        case .inMaintenance:
            self.init(
                .cameraInMaintenance,
                "A camera in maintenance does not start, and no worker ends it: a person sets its status to offline first."
            )
        case .notAssigned(let worker):
            self.init(.cameraNotAssigned, "The camera is not assigned to \(worker).")
        case .notARecording:
            self.init(
                .notARecording, "The camera is not set to a file with started_at: there is nothing to count again.")
        case .transitionNotAllowed(let old, let new):
            let allowed = old.successors.map(\.rawValue)
            self.init(
                .statusTransitionNotAllowed,
                "A camera that is \(old.rawValue) can become \(allowed.joined(separator: " or ")).",
                members: [
                    "from": .string(old.rawValue), "to": .string(new.rawValue),
                    "allowed": .array(allowed.map(JSON.string)),
                ])
        case .credentialsMasked:
            let rule = InvalidValue(
                .maskedCredentials,
                "*** stands for what was given for this scheme, host and port, and nothing is known; give it in full.")
            self = .validationFailed([Fault(at: .pointer("/stream_url"), rule)])
        case .securityConfigMasked:
            let rule = InvalidValue(
                .maskedSecurityConfig,
                "*** stands for what was given for this scheme, host and port of the stream, and there is none; give it "
                    + "in full.")
            self = .validationFailed([Fault(at: .pointer("/security_config"), rule)])
        case .secretInClear: self = .internalError
        }
    }

    /// Names the event; its data may hold what the caller is not to see.
    init(_ error: EventDecodingError) {
        self.init(
            .unreadableHistory,
            "The event at position \(error.position), \(error.type) in schema version \(error.schemaVersion), is not one that this release can read.",
            members: [
                "position": .integer(error.position), "event_type": .string(error.type),
                "schema_version": .integer(Int64(error.schemaVersion)),
            ])
    }

    init(_ error: EventLogError) {
        switch error {
        case .unavailable: self = .passing(.databaseUnavailable, "Nothing was changed; try again.")
        case .blocked(let session):
            self = .passing(
                .databaseUnavailable,
                "Another session of the database is in the way: \(session). Nothing was changed; try again.")
        case .overloaded:
            self = .passing(.overloaded, "Too many changes are waiting and nothing was changed; try again.")
        case .unknownOutcome:
            self.init(
                .outcomeUnknown,
                "The change was made or it was not. Look at the camera before trying again; telemetry with "
                    + "source and sequence, and what has an Idempotency-Key, may simply be sent again.")
        case .superseded: self = .requestUnderWay
        case .historyChanged:
            self = .passing(
                .databaseUnavailable, "The database has just been replaced and nothing was changed; try again.")
        case .invalidAppend, .storage: self = .internalError
        }
    }

    init(_ error: PostgresError) {
        switch error {
        case .unreachable, .full, .connectionLost: self = .passing(.databaseUnavailable, "Try again.")
        case .overloaded, .abandoned: self = .passing(.overloaded, "Too many requests are waiting; try again.")
        // A table or column that no active build has yet.
        case .server(let error)
        where [SQLState.undefinedTable, SQLState.undefinedSchema, SQLState.undefinedColumn].contains(error.sqlState):
            self = .passing(.notReady, "The read model is being built for the first time.")
        case .server where error.isLockTimeout:
            self = .passing(.databaseUnavailable, "Another session of the database holds a lock; try again.")
        case .server(let error) where error.sqlState == SQLState.datetimeOverflow:
            let rule = InvalidValue(.outOfRange, "The times asked for lie too far apart, or too far away.")
            self = .validationFailed([Fault(at: .parameter("from"), rule)])
        case .server(let error) where error.fault == .database:
            self = .passing(.databaseUnavailable, "Nothing was changed; try again.")
        case .server, .decoding: self = .internalError
        }
    }
}
