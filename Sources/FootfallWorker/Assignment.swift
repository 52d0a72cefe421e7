import EventSourcing
import Foundation
import Vision

/// A camera that this worker is to watch, as the server describes it.
struct Assignment: Hashable, Sendable {
    struct Malformed: Error, CustomStringConvertible {
        let description: String
    }

    let cameraID: Int64
    /// The number of the camera's starts and restarts: a new one means a new run.
    let epoch: Int64
    /// The stream's address in full, password included: never to be logged.
    let url: String
    let kind: StreamAddress.Kind
    let lines: [CountingLine]
    let settings: AssignmentSettings
    /// Changes with anything that changes what is counted.
    let fingerprint: String

    init(_ json: JSON) throws(Malformed) {
        func member<Value>(_ name: String, _ value: Value?) throws(Malformed) -> Value {
            guard let value else { throw Malformed(description: "the assignment's \(name) is missing or misshapen") }
            return value
        }
        cameraID = try member("camera_id", json["camera_id"]?.integer)
        epoch = try member("epoch", json["epoch"]?.integer)
        url = try member("stream_url", json["stream_url"]?.string)
        kind = try member("stream_type", json["stream_type"]?.string.flatMap(StreamAddress.Kind.init(rawValue:)))
        let given = try member("settings", json["settings"])
        settings = AssignmentSettings(given)
        let described = try member("lines", json["lines"]?.array)
        var lines: [CountingLine] = []
        for line in described { lines.append(try member("lines", Self.line(line))) }
        self.lines = lines
        fingerprint = Self.fingerprint(of: [url, kind.rawValue, JSON.array(described).text, given.text])
    }

    private static func line(_ json: JSON) -> CountingLine? {
        func point(_ name: String) -> Point? {
            guard let pair = json[name]?.array, pair.count == 2, let x = pair[0].number, let y = pair[1].number else {
                return nil
            }
            return Point(x: x, y: y)
        }
        guard let name = json["name"]?.string, let from = point("from"), let to = point("to"),
            let inside = point("inside")
        else { return nil }
        // A line without length or side is refused by the server; here it is one more misshapen line.
        return try? CountingLine(name: name, from: from, to: to, inside: inside)
    }

    /// 8 hexadecimal digits that are the same in every process (FNV-1a; see the IETF draft of Fowler, Noll, Vo).
    private static func fingerprint(of parts: [String]) -> String {
        var hash: UInt32 = 2_166_136_261
        for part in parts {
            for byte in part.utf8 + [0] { hash = (hash ^ UInt32(byte)) &* 16_777_619 }
        }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }
}

/// A camera's settings as far as they matter to counting; what is absent has its default.
struct AssignmentSettings: Hashable, Sendable {
    let pace: PipelineSettings.Pace
    /// When the clip's first frame was taken; makes everything about a file deterministic.
    let startedAt: Timestamp?
    let loops: Bool
    let detector: String?
    let confidence: Double?
    let classes: Set<ObjectClass>

    init(_ json: JSON) {
        pace = json["pace"] == "fast" ? .fast : .realtime
        startedAt = json["started_at"]?.string.flatMap(Timestamp.init(rfc3339:))
        loops = json["loop"]?.bool ?? false
        detector = json["detector"]?.string
        confidence = json["confidence"]?.number
        classes = Set((json["classes"]?.array ?? []).compactMap { $0.string.map(ObjectClass.init(rawValue:)) })
    }
}
