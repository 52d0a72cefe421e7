import Counting
import EventSourcing
import Hummingbird
import NIOCore
import Postgres
import Secrets
import StreamPolicy
import UseCases

/// What inner errors mean to the user.
extension Problem {
    init(_ error: any Error) {
        switch error {
        case let problem as Problem: self = problem
        case let error as CommandError<Camera.Rejection>: self.init(error)
        case let error as Camera.Rejection: self.init(error)
        case let error as CameraRefusal: self.init(error)
        case let error as CameraPast.Refusal: self.init(error)
        case let error as ProbeFailure: self.init(error)
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
        case .unknown: self.init(.cameraNotFound, rejection.sentence)
        case .removed: self.init(.cameraRemoved, rejection.sentence)
        case .alreadyRegistered: self.init(.cameraAlreadyRegistered, rejection.sentence)
        case .inMaintenance: self.init(.cameraInMaintenance, rejection.sentence)
        case .notAssigned: self.init(.cameraNotAssigned, rejection.sentence)
        case .notARecording: self.init(.notARecording, rejection.sentence)
        case .transitionNotAllowed(let old, let new):
            self.init(
                .statusTransitionNotAllowed, rejection.sentence,
                members: [
                    "from": .string(old.rawValue), "to": .string(new.rawValue),
                    "allowed": .array(old.successors.map { .string($0.rawValue) }),
                ])
        case .credentialsMasked:
            let rule = InvalidValue(.maskedCredentials, rejection.sentence)
            self = .validationFailed([Fault(at: .pointer("/stream_url"), rule)])
        case .securityConfigMasked:
            let rule = InvalidValue(.maskedSecurityConfig, rejection.sentence)
            self = .validationFailed([Fault(at: .pointer("/security_config"), rule)])
        case .secretInClear: self = .internalError
        }
    }

    init(_ refusal: CameraRefusal) {
        switch refusal {
        case .stale(let actual, let changes):
            self.init(CommandError<Camera.Rejection>.stale(actual: actual))
            members["changes"] = .array(changes.map(Self.change))
        case .stream(let refusal):
            let code =
                switch refusal {
                case .notAllowed: "address_not_allowed"
                case .malformed, .nameNotFound, .resolverTimedOut: "malformed"
                }
            self = .validationFailed([Fault(at: .pointer("/stream_url"), code, "\(refusal)")])
        case .settingsEndAhead(let end):
            let rule = InvalidValue(.inFuture, Self.endsAhead(end))
            self = .validationFailed([Fault(at: .pointer("/settings/started_at"), rule)])
        case .recordingEndsAhead(let end):
            self.init(.recordingEndsAhead, Self.endsAhead(end), members: ["ends_at": .string(end.rfc3339)])
        }
    }

    private static func endsAhead(_ end: Timestamp) -> String {
        "By its length the recording ends at \(end.rfc3339), which is in the future."
    }

    private static func change(_ event: RecordedEvent) -> JSON {
        let metadata = (try? JSON.parse(event.metadata)).map(EventMetadata.init)  // unreadable: nobody is named
        return [
            "version": .integer(event.version),
            "type": .string(event.type),
            "actor": metadata?.actor.map(JSON.string) ?? .null,
            "recorded_at": .string(event.recordedAt.rfc3339),
        ]
    }

    init(_ failure: ProbeFailure) {
        switch failure {
        case .unavailable:
            self.init(.probeUnavailable, "The program footfall-worker is not beside the one that serves the API.")
        case .failed: self = .internalError
        case .busy: self = .passing(.tooManyProbes, "Streams are being looked at already; try again.")
        }
    }

    init(_ refusal: CameraPast.Refusal) {
        func notYet(_ parameter: String, _ code: InvalidValue.Code) -> Problem {
            .validationFailed([Fault(at: .parameter(parameter), InvalidValue(code, refusal.sentence))])
        }
        switch refusal {
        case .rejected(let rejection): self.init(rejection)
        case .inFuture: self = notYet("as_of", .inFuture)
        case .beyondLog: self = notYet("as_of_position", .outOfRange)
        case .beyondVersion: self = notYet("version", .outOfRange)
        case .notYetRegistered(let instant, let position):
            self.init(
                .cameraNotYetRegistered, refusal.sentence,
                members: ["registered_at": .string(instant.rfc3339), "position": .integer(position)])
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
