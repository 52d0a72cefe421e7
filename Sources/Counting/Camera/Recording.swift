import EventSourcing

/// A recording that a camera counts: a file whose first picture is dated, so that each passage in it has an instant.
package struct Recording: Hashable, Sendable {
    package let url: String
    package let startedAt: Timestamp

    package init(url: String, startedAt: Timestamp) {
        self.url = url
        self.startedAt = startedAt
    }
}

/// What decides which passages are counted in a recording: where it changes, another count comes out. How fast the
/// recording is played is not part of it.
package struct CountingRules: Hashable, Sendable {
    package let lines: Lines
    package let detector: CameraSettings.Detector?
    package let confidence: Confidence?
    /// In alphabetical order; empty where all classes count.
    package let classes: [ObjectClass]
    package let loop: Bool

    package init(_ settings: CameraSettings, _ lines: Lines) {
        self.lines = lines
        detector = settings.detector ?? CameraSettings.defaults.detector
        confidence = settings.confidence ?? CameraSettings.defaults.confidence
        classes = Set(settings.classes?.all ?? []).sorted { $0.text.utf8.lexicographicallyPrecedes($1.text.utf8) }
        loop = settings.loop ?? false
    }
}

/// One count of a recording under one set of rules. It may be interrupted and go on; a later take of the same recording
/// replaces it.
package struct Take: Hashable, Sendable {
    /// 1, 2, 3 … over all recordings of a camera.
    package let number: Int64
    package let rules: CountingRules
    /// The take of the same recording whose counts no longer count.
    package let replaces: Int64?
    /// The instant of the recording's end, once it was counted to there.
    package var endedAt: Timestamp?

    package init(number: Int64, rules: CountingRules, replaces: Int64?, endedAt: Timestamp? = nil) {
        self.number = number
        self.rules = rules
        self.replaces = replaces
        self.endedAt = endedAt
    }
}

/// The takes of a camera: of each of its recordings the last one.
package struct Takes: Hashable, Sendable {
    private var lastOfRecording: [Recording: Take] = [:]
    /// How many takes there were.
    package private(set) var count: Int64 = 0
    /// The number of the take that is being counted, or was counted last.
    package private(set) var current: Int64?

    package init() {}

    package subscript(recording: Recording) -> Take? { lastOfRecording[recording] }

    mutating func begin(_ take: Take, of recording: Recording) {
        lastOfRecording[recording] = take
        (count, current) = (max(count, take.number), take.number)
    }

    mutating func resume(_ number: Int64) { current = number }

    mutating func end(_ number: Int64, at instant: Timestamp) {
        guard let recording = lastOfRecording.first(where: { $0.value.number == number })?.key else { return }
        lastOfRecording[recording]?.endedAt = instant
    }
}

extension Camera {
    /// The recording that it is set to; nil where it watches a live stream or a file without a date.
    package var recording: Recording? {
        guard configuration.address.type == .file, let startedAt = description.settings.startedAt else { return nil }
        return Recording(url: configuration.address.url, startedAt: startedAt)
    }

    /// The last take of that recording.
    package var take: Take? { recording.flatMap { takes[$0] } }

    package var countingRules: CountingRules { CountingRules(description.settings, configuration.lines) }

    /// Whether the recording that it is set to was counted to its end under the rules that are set.
    package var isCounted: Bool { take.map { $0.endedAt != nil && $0.rules == countingRules } ?? false }

    /// What the events of a command mean for takes: a running camera has a take of the recording that it is set to, under
    /// the rules that are set. One that was counted to its end is left as it is, and the camera stopped.
    ///
    /// - Parameter recounting: whether a new take is wanted although nothing changed.
    func takeEvents(after events: [Event], recounting: Bool) -> [Event] {
        guard case .registered(let next) = events.reduce(.registered(self), Camera.evolve),
            next.desiredState == .running, let recording = next.recording
        else { return [] }
        guard let known = next.take, known.rules == next.countingRules, !recounting else {
            let take = Take(
                number: next.takes.count + 1, rules: next.countingRules, replaces: next.take?.number)
            return [.takeBegan(id, recording, take)]
        }
        if next.isCounted { return [.stopped(id, reason: Reason(stored: "counted to its end before"))] }
        return known.number == next.takes.current ? [] : [.takeResumed(id, recording, take: known.number)]
    }

    /// A worker counted a take to the recording's end. One that is not the current one any more changes nothing.
    func endTake(_ number: Int64, at instant: Timestamp, _ reason: Reason?) -> [Event] {
        guard number == takes.current, take?.number == number else { return [] }
        let ended: [Event] = take?.endedAt == nil ? [.takeEnded(id, take: number, at: instant)] : []
        return ended + (desiredState == .running ? [.stopped(id, reason: reason)] : [])
    }
}
