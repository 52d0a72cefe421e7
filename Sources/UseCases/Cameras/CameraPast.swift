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

    /// Why a camera is not shown as it was.
    package enum Refusal: Error, Hashable {
        /// There never was such a camera, or it had been removed by then.
        case rejected(Camera.Rejection)
        case inFuture(now: Timestamp)
        case beyondLog(head: Int64)
        case beyondVersion(last: Int64)
        /// The moment lies before this instant and position.
        case notYetRegistered(until: Timestamp, position: Int64)

        package var sentence: String {
            switch self {
            case .rejected(let rejection): rejection.sentence
            case .inFuture(let now): "This is in the future: it is \(now) now."
            case .beyondLog(let head): "The log ends at position \(head)."
            case .beyondVersion(let last): "The camera's last version is \(last)."
            case .notYetRegistered(let instant, let position):
                "The camera was registered at \(instant), at position \(position)."
            }
        }
    }

    private let log: any EventLog

    package init(log: any EventLog) { self.log = log }

    /// The camera as it was, in the shape in which the API shows it now. Its status is null where heartbeats had a say in
    /// it.
    ///
    /// - Parameter now: the clock; what lies after it, and after the camera's last event, is not known yet.
    /// - Throws: `Refusal` where the camera was not there then, or the moment has not come yet.
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
        guard let registration, let last else { throw Refusal.rejected(.unknown) }
        switch moment {
        case .time(let time) where time > max(now, jumps.loggedAt(last)):
            throw Refusal.inFuture(now: now)
        case .position(let position) where position > last.position:
            let head = try await log.head()
            if position > head { throw Refusal.beyondLog(head: head) }
        case .version(let version) where version > folded.version:
            throw Refusal.beyondVersion(last: folded.version)
        default: break
        }
        if folded.version == 0 {
            throw Refusal.notYetRegistered(until: registration.recordedAt, position: registration.position)
        }
        // Heartbeats of that time are not looked for.
        do throws(Camera.Rejection) { return try CameraDocument(folded) { $0.isHeard ? nil : $0.status } } catch {
            throw Refusal.rejected(error)
        }
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
