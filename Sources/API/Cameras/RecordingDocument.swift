import Counting
import EventSourcing

/// How far a camera's recording is counted, and what a start makes of it: the answer to a command says so.
struct RecordingDocument {
    /// What is to be said of the recording that a camera is set to.
    enum State: String, CaseIterable {
        case new, counting, interrupted, changed, ended
    }

    let json: JSON

    /// nil for a camera that counts no recording.
    init?(_ camera: Camera) {
        guard let recording = camera.recording else { return nil }
        let take = camera.take
        let state = Self.state(camera)
        json = [
            "state": .string(state.rawValue),
            "started_at": .string(recording.startedAt.rfc3339),
            "take": take.map { .integer($0.number) } ?? .null,
            "replaces": (take?.replaces).map(JSON.integer) ?? .null,
            "ended_at": (take?.endedAt).map { .string($0.rfc3339) } ?? .null,
            "detail": .string(Self.detail(state, take)),
        ]
    }

    private static func state(_ camera: Camera) -> State {
        guard let take = camera.take else { return .new }
        if camera.desiredState == .running { return .counting }
        if take.rules != camera.countingRules { return .changed }
        return take.endedAt == nil ? .interrupted : .ended
    }

    private static func detail(_ state: State, _ take: Take?) -> String {
        switch (state, take) {
        case (.changed, let take?):
            "What is counted has changed: the next start counts the whole recording again, which replaces take "
                + "\(take.number)."
        case (.counting, let take?):
            if let replaced = take.replaces {
                "Take \(take.number) counts the whole recording again, and replaces take \(replaced) and its corrections."
            } else {
                "Take \(take.number) counts the recording; what it has counted already is not counted again."
            }
        case (.interrupted, let take?):
            "Take \(take.number) has not come to the recording's end; the next start goes on."
        case (.ended, let take?):
            "Take \(take.number) has counted the recording to its end: a start changes nothing; a restart with "
                + "recount counts it again."
        default: "The recording has not been counted; a start counts it from its beginning."
        }
    }
}

extension Camera {
    /// An answer of a command, with how far its recording is counted where it counts one.
    func saying(_ document: [UInt8]) -> [UInt8] {
        guard let recording = RecordingDocument(self) else { return document }
        var output = Array(document.dropLast()) + Array(",\"recording\":".utf8)
        recording.json.writeAsPostgres(to: &output)
        return output + "}".utf8
    }
}
