import Counting
import EventSourcing

extension EventLog {
    /// Appends to the telemetry of a camera that is there.
    /// - Returns: the event's position.
    /// - Throws: `Camera.Rejection` where there is no such camera.
    func append(
        _ event: NewEvent, toTelemetryOf id: CameraID, metadata: EventMetadata
    ) async throws -> Int64 {
        let outcome = try await append(
            Append(to: id.telemetryStream, expecting: .exists, events: [event], metadata: metadata))
        switch outcome {
        case .appended(let appended): return appended.positions.upperBound
        case .missing: throw Camera.Rejection.unknown
        case .closed: throw Camera.Rejection.removed
        case .conflict, .duplicate: throw UnexpectedOutcome(outcome)
        }
    }
}
