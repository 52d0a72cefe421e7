import Counting
import EventSourcing
import Foundation
import Secrets

/// Tells reports that were sent again from others that came under a sequence which was used before.
struct Repetitions: Sendable {
    let log: any EventLog
    let vault: CameraVault

    /// What was found under a sequence that a source had used, or passed over, before.
    struct Repetition {
        /// What stands there; nil where nothing does.
        let stored: RecordedEvent?
        /// Whether it is not what was sent now.
        let isConflict: Bool

        var position: Int64? { stored?.position }

        /// The members of the report's result, beside its sequence.
        var members: JSONObject {
            var members: JSONObject = [
                "outcome": isConflict ? "conflict" : "duplicate", "position": position.map(JSON.integer) ?? .null,
            ]
            if isConflict { members["stored"] = content }
            return members
        }

        /// What stands there as the API shows it: the event's members, but nothing of the picture.
        private var content: JSON {
            guard let stored, var content = (try? JSON.parse(stored.data))?.object else { return .null }
            for name in ["camera_id", "frame_data", "sealed_frame_data"] { content[name] = nil }
            content["type"] = .string(stored.type)
            content["recorded_at"] = .string(stored.recordedAt.rfc3339)
            return .object(content)
        }

        func problem(_ producer: ProducerSequence?) -> Problem {
            var members = members
            members["outcome"] = nil
            members["source"] = producer.map { .string($0.source) } ?? .null
            members["sequence"] = producer.map { .integer($0.sequence) } ?? .null
            let name = producer.map { "Sequence \($0.sequence) of \($0.source)" } ?? "This sequence"
            let detail =
                position.map { "\(name) was used for something else, which stands at position \($0)." }
                ?? "\(name) was passed over: the source has gone on to a higher one."
            return Problem(.sequenceConflict, detail, members: members)
        }
    }

    /// Looks at what stands under the sequences of duplicates; costs nothing where there are none.
    /// - Returns: by the reports' indexes; one for each duplicate.
    func find(
        among items: [TelemetryItem], _ outcomes: [AppendOutcome], of id: CameraID
    ) async throws -> [Int: Repetition] {
        var positions: [Int: Int64?] = [:]
        for case (let index, .duplicate(let known)) in outcomes.enumerated() {
            positions[index] = .some(known?.lowerBound)
        }
        if positions.isEmpty { return [:] }
        let events = try await log.read(at: positions.values.compactMap(\.self))
        let stored = Dictionary(uniqueKeysWithValues: events.map { ($0.position, $0) })
        var repetitions: [Int: Repetition] = [:]
        for (index, position) in positions {
            let event = position.flatMap { stored[$0] }
            let isSame = if let event { try await says(event, items[index].report, of: id) } else { false }
            repetitions[index] = Repetition(stored: event, isConflict: !isSame)
        }
        return repetitions
    }

    private func says(_ event: RecordedEvent, _ report: TelemetryReport, of id: CameraID) async throws -> Bool {
        switch report.content {
        case .heartbeat(let heartbeat):
            guard event.type == Heartbeat.eventType else { return false }
            return heartbeat.says(what: try Heartbeat(event))
        case .reading(let reading):
            guard event.type == CountReading.eventType else { return false }
            let stored = try CountReading(event)
            var sent = reading
            // Filled in for the first of them at another time, perhaps for other lines.
            if report.filledIn.contains(.observedAt) { sent.observedAt = stored.observedAt }
            if report.filledIn.contains(.line) { sent.line = stored.line }
            guard sent.says(what: stored) else { return false }
            return try await says(stored.frameData, report.frameData, of: id)
        }
    }

    /// Frame data that was dropped, or whose key was destroyed, cannot be told from what is sent now.
    private func says(_ stored: FrameData?, _ sent: FreeformObject?, of id: CameraID) async throws -> Bool {
        switch stored {
        case nil: return true
        case .clear(let object): return sent.map(object.says(what:)) == true
        case .sealed(let sealed):
            guard let sent else { return false }
            guard let bytes = Data(base64Encoded: sealed.text) else { return false }
            do {
                let data = try await vault.open(Array(bytes), of: id.number, keyID: sealed.keyID, for: .frameData)
                return try JSON.parse(data).object.map { FreeformObject(stored: $0).says(what: sent) } == true
            } catch CameraVault.Failure.erased {
                return true
            }
        }
    }
}
