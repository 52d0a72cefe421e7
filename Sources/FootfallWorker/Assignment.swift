import EventSourcing
import Foundation
import StreamPolicy
import Vision

/// A camera that this worker is to watch, as the server describes it. Two are the same where the same is to be done.
struct Assignment: Sendable {
    struct Malformed: Error, CustomStringConvertible {
        let description: String
    }

    let cameraID: Int64
    /// The number of the camera's starts and restarts: a new one means a new run.
    let epoch: Int64
    /// The stream's address in full, password included: never to be logged.
    let url: String
    let kind: CaptureSource.Kind
    /// The only certificate that the camera may show; nil for any that is trusted.
    let certificate: CertificateFingerprint?
    let lines: [CountingLine]
    let settings: AssignmentSettings
    /// The take of a recording that is to be counted; nil for anything but a dated file.
    let take: AssignedTake?

    init(_ json: JSON) throws(Malformed) {
        func member<Value>(_ name: String, _ value: Value?) throws(Malformed) -> Value {
            guard let value else { throw Malformed(description: "the assignment's \(name) is missing or misshapen") }
            return value
        }
        cameraID = try member("camera_id", json["camera_id"]?.integer)
        epoch = try member("epoch", json["epoch"]?.integer)
        url = try member("stream_url", json["stream_url"]?.string)
        kind = try member("stream_type", json["stream_type"]?.string.flatMap(CaptureSource.Kind.init(rawValue:)))
        if let fingerprint = json["security_config"]?[CertificateFingerprint.member] {
            certificate = try member(
                CertificateFingerprint.member, fingerprint.string.flatMap { CertificateFingerprint($0) })
        } else {
            certificate = nil
        }
        let given = try member("settings", json["settings"])
        settings = AssignmentSettings(given)
        let described = try member("lines", json["lines"]?.array)
        var lines: [CountingLine] = []
        for line in described { lines.append(try member("lines", Self.line(line))) }
        self.lines = lines
        if kind == .file, let startedAt = settings.startedAt {
            take = AssignedTake(
                number: try member("take", json["take"]?.integer), startedAt: startedAt,
                countedTo: json["counted_to"]?.integer ?? 0)
        } else {
            take = nil
        }
    }

    private static func line(_ json: JSON) -> CountingLine? {
        func point(_ name: String) -> ImagePoint? {
            guard let pair = json[name]?.array, pair.count == 2, let x = pair[0].number, let y = pair[1].number else {
                return nil
            }
            return ImagePoint(x: x, y: y)
        }
        guard let name = json["name"]?.string, let from = point("from"), let to = point("to"),
            let inside = point("inside")
        else { return nil }
        // A line without length or side is refused by the server; here it is one more misshapen line.
        return try? CountingLine(name: name, from: from, to: to, inside: inside)
    }
}

extension Assignment: Equatable {
    static func == (one: Assignment, other: Assignment) -> Bool {
        (one.cameraID, one.epoch, one.url, one.kind) == (other.cameraID, other.epoch, other.url, other.kind)
            && (one.lines, one.settings, one.take?.number) == (other.lines, other.settings, other.take?.number)
            && one.certificate == other.certificate
    }
}

/// A take of a recording, as far as it has come.
struct AssignedTake: Sendable {
    let number: Int64
    /// When the recording's first frame was taken.
    let startedAt: Timestamp
    /// The sequence of its last reading that the server has; 0 where it has none.
    let countedTo: Int64
}

/// A camera's settings as far as they matter to counting; what is absent has its default.
struct AssignmentSettings: Hashable, Sendable {
    let pace: PipelineSettings.Pace
    /// When the clip's first frame was taken; makes everything about a file deterministic.
    let startedAt: Timestamp?
    let loops: Bool
    let detector: String?
    let confidence: Double?
    let classes: Set<DetectedClass>

    init(_ json: JSON) {
        pace = json["pace"] == "fast" ? .fast : .realtime
        startedAt = json["started_at"]?.string.flatMap(Timestamp.init(rfc3339:))
        loops = json["loop"]?.bool ?? false
        detector = json["detector"]?.string
        confidence = json["confidence"]?.number
        classes = Set((json["classes"]?.array ?? []).compactMap { $0.string.map(DetectedClass.init(rawValue:)) })
    }
}
