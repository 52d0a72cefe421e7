import Counting
import EventSourcing
import Secrets
import StreamPolicy
import UseCases

extension Camera.Rejection: RejectionProblems {
    var problem: Problem {
        switch self {
        case .unknown: Problem(.cameraNotFound, sentence)
        case .removed: Problem(.cameraRemoved, sentence)
        case .alreadyRegistered: Problem(.cameraAlreadyRegistered, sentence)
        case .inMaintenance: Problem(.cameraInMaintenance, sentence)
        case .notAssigned: Problem(.cameraNotAssigned, sentence)
        case .notARecording: Problem(.notARecording, sentence)
        case .transitionNotAllowed(let old, let new):
            Problem(
                .statusTransitionNotAllowed, sentence,
                members: [
                    "from": .string(old.rawValue), "to": .string(new.rawValue),
                    "allowed": .array(old.successors.map { .string($0.rawValue) }),
                ])
        case .credentialsMasked:
            .validationFailed([Fault(at: .pointer("/stream_url"), InvalidValue(.maskedCredentials, sentence))])
        case .securityConfigMasked:
            .validationFailed([Fault(at: .pointer("/security_config"), InvalidValue(.maskedSecurityConfig, sentence))])
        case .secretInClear: .internalError
        }
    }

    static func stale(actual: Int64) -> Problem {
        Problem(.staleVersion, "The camera now has version \(actual).", members: ["actual_version": .integer(actual)])
    }

    static var closed: Problem { removed.problem }
}

extension CameraVault.Failure: ProblemConvertible {
    var problem: Problem {
        if case .erased = self { Camera.Rejection.removed.problem } else { .internalError }
    }
}

extension CameraRefusal: ProblemConvertible {
    var problem: Problem {
        switch self {
        case .stale(let actual, let changes):
            var problem = Camera.Rejection.stale(actual: actual)
            problem.members["changes"] = .array(changes.map(Self.change))
            return problem
        case .stream(let refusal):
            let code =
                switch refusal {
                case .notAllowed: "address_not_allowed"
                case .malformed, .nameNotFound, .resolverTimedOut: "malformed"
                }
            return .validationFailed([Fault(at: .pointer("/stream_url"), code, "\(refusal)")])
        case .settingsEndAhead(let end):
            let rule = InvalidValue(.inFuture, Self.endsAhead(end))
            return .validationFailed([Fault(at: .pointer("/settings/started_at"), rule)])
        case .recordingEndsAhead(let end):
            return Problem(.recordingEndsAhead, Self.endsAhead(end), members: ["ends_at": .string(end.rfc3339)])
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
}

extension CameraPast.Refusal: ProblemConvertible {
    var problem: Problem {
        switch self {
        case .rejected(let rejection): rejection.problem
        case .inFuture: notYet("as_of", .inFuture)
        case .beyondLog: notYet("as_of_position", .outOfRange)
        case .beyondVersion: notYet("version", .outOfRange)
        case .notYetRegistered(let instant, let position):
            Problem(
                .cameraNotYetRegistered, sentence,
                members: ["registered_at": .string(instant.rfc3339), "position": .integer(position)])
        }
    }

    private func notYet(_ parameter: String, _ code: InvalidValue.Code) -> Problem {
        .validationFailed([Fault(at: .parameter(parameter), InvalidValue(code, sentence))])
    }
}
