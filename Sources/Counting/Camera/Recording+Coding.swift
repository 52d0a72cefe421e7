import EventSourcing

/// The stored form of the events about takes.
extension Camera {
    static func members(_ recording: Recording, _ take: Take) -> KeyValuePairs<String, JSON?> {
        let rules = take.rules
        return [
            "take": .integer(take.number),
            "stream_url": .string(recording.url),
            "started_at": .string(recording.startedAt.rfc3339),
            "lines": rules.lines.json,
            "detector": rules.detector.map { .string($0.rawValue) },
            "confidence": rules.confidence.map { .number($0.value) },
            "classes": rules.classes.isEmpty ? nil : .array(rules.classes.map(\.json)),
            "loop": rules.loop ? true : nil,
            "replaces": take.replaces.map(JSON.integer),
        ]
    }

    static func members(_ recording: Recording, take: Int64) -> KeyValuePairs<String, JSON?> {
        [
            "take": .integer(take), "stream_url": .string(recording.url),
            "started_at": .string(recording.startedAt.rfc3339),
        ]
    }

    static func members(take: Int64, endedAt instant: Timestamp) -> KeyValuePairs<String, JSON?> {
        ["take": .integer(take), "ended_at": .string(instant.rfc3339)]
    }
}

extension StoredMembers {
    func takeBegan() throws(EventDecodingError) -> (Recording, Take) {
        var settings = CameraSettings()
        settings.detector = try optional("detector") { $0.string.flatMap(CameraSettings.Detector.init(exactly:)) }
        settings.confidence = try optional("confidence") { $0.number.map(Confidence.init(stored:)) }
        settings.classes = try optional("classes") { ObjectClasses(stored: $0) }
        settings.loop = try optional("loop", \.bool)
        let rules = CountingRules(settings, try required("lines", Lines.init(stored:)))
        let take = Take(
            number: try takeNumber(), rules: rules, replaces: try optional("replaces", \.integer))
        return (try recording(), take)
    }

    func recording() throws(EventDecodingError) -> Recording {
        Recording(url: try required("stream_url", \.string), startedAt: try instant("started_at"))
    }

    func takeNumber() throws(EventDecodingError) -> Int64 { try required("take", \.integer) }

    func instant(_ name: String) throws(EventDecodingError) -> Timestamp {
        try required(name) { $0.string.flatMap(Timestamp.init(rfc3339:)) }
    }
}
