import EventSourcing

/// How a camera's stream is played and looked at. What was not given stays nil: the worker's default holds.
package struct CameraSettings: Hashable, Sendable {
    /// Whether a recording is watched at its own speed, or as fast as it can be read.
    package enum Pace: String, CaseIterable, Sendable {
        case realtime, fast
    }

    /// What finds the objects in a picture.
    package enum Detector: String, CaseIterable, Sendable {
        case motion, people, yolo
        /// A model where the worker has one, else motion.
        case auto
    }

    package var pace: Pace?
    /// When a recording was begun: its pictures are dated from there.
    package var startedAt: Timestamp?
    /// Whether a recording begins again at its end.
    package var loop: Bool?
    package var detector: Detector?
    package var confidence: Confidence?
    package var classes: ObjectClasses?
    /// Whether what workers send about a reading's picture is kept, which may show people; not where it is nil.
    package var keepFrameData: Bool?

    package init(
        pace: Pace? = nil, startedAt: Timestamp? = nil, loop: Bool? = nil, detector: Detector? = nil,
        confidence: Confidence? = nil, classes: ObjectClasses? = nil, keepFrameData: Bool? = nil
    ) {
        self.pace = pace
        self.startedAt = startedAt
        self.loop = loop
        self.detector = detector
        self.confidence = confidence
        self.classes = classes
        self.keepFrameData = keepFrameData
    }
}

extension CameraSettings {
    /// What holds where nothing is given: what the worker does then. Without a time, pictures are dated by the wall clock;
    /// without classes, all count.
    package static let defaults = CameraSettings(
        pace: .realtime, loop: false, detector: .auto, confidence: Confidence(stored: 0.3), keepFrameData: false)

    /// The defaults as JSON, with null for those that are no value.
    package static let defaultMembers: JSON = {
        var members = JSONObject()
        for key in keys.sorted() { members[key] = .null }
        members.merge(defaults.json.object ?? [:]) { _, value in value }
        return .object(members)
    }()

    /// These settings, but with each that says what holds already under `old` left as it is there: not given, perhaps.
    func asChange(of old: CameraSettings) -> CameraSettings {
        func kept<Value: Equatable>(_ path: KeyPath<CameraSettings, Value?>) -> Value? {
            let isSame =
                (self[keyPath: path] ?? Self.defaults[keyPath: path])
                == (old[keyPath: path] ?? Self.defaults[keyPath: path])
            return isSame ? old[keyPath: path] : self[keyPath: path]
        }
        return CameraSettings(
            pace: kept(\.pace), startedAt: kept(\.startedAt), loop: kept(\.loop), detector: kept(\.detector),
            confidence: kept(\.confidence), classes: kept(\.classes), keepFrameData: kept(\.keepFrameData))
    }
}

/// The least certainty at which a detection counts: above 0, at most 1.
package struct Confidence: Hashable, Sendable {
    package let value: Double

    package init(_ value: Double) throws(InvalidValue) {
        guard value > 0, value <= 1 else { throw InvalidValue(.outOfRange, "A confidence is above 0 and at most 1.") }
        self.value = value
    }

    init(stored value: Double) { self.value = value }
}

/// What kind of thing was seen: `person`, `car`.
package struct ObjectClass: BoundedText {
    package static let subject = "A class"
    package static let lengths = 1...100

    package let text: String
    package init(stored text: String) { self.text = text }
}

/// The classes that a camera counts: 1 to 80.
package struct ObjectClasses: Hashable, Sendable {
    package static let counts = 1...80

    package let all: [ObjectClass]

    package static func check(count: Int) throws(InvalidValue) {
        guard counts.contains(count) else {
            throw InvalidValue(count == 0 ? .tooShort : .tooMany, "There are 1 to 80 classes.")
        }
    }

    package init(_ classes: [ObjectClass]) throws(InvalidValue) {
        try Self.check(count: classes.count)
        all = classes
    }

    private init(stored classes: [ObjectClass]) { all = classes }

    /// nil where it is not a list of texts.
    init?(stored json: JSON) {
        guard let elements = json.array else { return nil }
        self.init(stored: elements.compactMap(\.string).map(ObjectClass.init(stored:)))
    }
}

extension CameraSettings {
    package var json: JSON {
        .members([
            "pace": pace.map { .string($0.rawValue) },
            "started_at": startedAt.map { .string($0.rfc3339) },
            "loop": loop.map(JSON.bool),
            "detector": detector.map { .string($0.rawValue) },
            "confidence": confidence.map { .number($0.value) },
            "classes": classes.map { .array($0.all.map { .string($0.text) }) },
            "keep_frame_data": keepFrameData.map(JSON.bool),
        ])
    }

    /// nil where a known key holds what it cannot mean.
    init?(stored json: JSON) {
        guard let members = json.object else { return nil }
        self.init()
        for (key, value) in members {
            switch key {
            case "pace": pace = value.string.flatMap(Pace.init(exactly:))
            case "started_at": startedAt = value.string.flatMap(Timestamp.init(rfc3339:))
            case "loop": loop = value.bool
            case "detector": detector = value.string.flatMap(Detector.init(exactly:))
            case "confidence": confidence = value.number.map(Confidence.init(stored:))
            case "classes": classes = ObjectClasses(stored: value)
            case "keep_frame_data": keepFrameData = value.bool
            default: continue
            }
        }
        guard self.json.object?.count == members.keys.count(where: Self.keys.contains) else { return nil }
    }

    package static let keys = Set(storedMembers.map(\.name))
}
