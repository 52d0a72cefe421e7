import Counting
import EventSourcing

/// Cameras as they were, folded from their events up to a moment.
package struct CameraPast: Sendable {
    /// Up to and with what a camera's events are folded.
    package enum Moment: Hashable, Sendable {
        /// What was recorded at this instant or before.
        case time(Timestamp)
        /// What the log holds up to this position.
        case position(Int64)
        /// The camera's event of this version, and those before it.
        case version(Int64)
    }

    private let log: any EventLog

    package init(log: any EventLog) { self.log = log }

    /// The camera as it was, in the shape in which the API shows it now. Its status is null where heartbeats had a say in
    /// it.
    ///
    /// - Parameter now: the clock; what lies after it, and after the camera's last event, is not known yet.
    /// - Throws: `Problem` where the camera was not there then, or the moment has not come yet.
    package func document(of id: CameraID, at moment: Moment, now: Timestamp) async throws -> CameraDocument {
        var folded = Folded(Camera.initial)
        var last: RecordedEvent?
        var registration: RecordedEvent?
        let jumps = if case .time = moment { try await log.clockJumps() } else { [ClockJump]() }
        try await log.scan(id.stream) { event in
            registration = registration ?? event
            last = event
            guard moment.includes(event, jumps) else { return false }
            try folded.apply(event, by: Camera.self)
            return true
        }
        guard let registration, let last else { throw Problem(Camera.Rejection.unknown) }
        switch moment {
        case .time(let time) where time > max(now, jumps.loggedAt(last)):
            throw Self.notYet("as_of", InvalidValue(.inFuture, "This is in the future: it is \(now) now."))
        case .position(let position) where position > last.position:
            let head = try await log.head()
            if position > head {
                throw Self.notYet("as_of_position", InvalidValue(.outOfRange, "The log ends at position \(head)."))
            }
        case .version(let version) where version > folded.version:
            let rule = InvalidValue(.outOfRange, "The camera's last version is \(folded.version).")
            throw Self.notYet("version", rule)
        default: break
        }
        if folded.version == 0 {
            throw Problem(
                .cameraNotYetRegistered,
                "The camera was registered at \(registration.recordedAt), at position \(registration.position).",
                members: [
                    "registered_at": .string(registration.recordedAt.rfc3339),
                    "position": .integer(registration.position),
                ])
        }
        // Heartbeats of that time are not looked for.
        return try CameraDocument(folded) { $0.isHeard ? nil : $0.status }
    }

    private static func notYet(_ parameter: String, _ rule: InvalidValue) -> Problem {
        .validationFailed([Fault(at: .parameter(parameter), rule)])
    }
}

extension CameraPast.Moment {
    fileprivate func includes(_ event: RecordedEvent, _ jumps: [ClockJump]) -> Bool {
        switch self {
        case .time(let time): jumps.loggedAt(event) <= time
        case .position(let position): event.position <= position
        case .version(let version): event.version <= version
        }
    }
}
