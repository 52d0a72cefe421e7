import EventSourcing
import Foundation
import Vision

/// What crossed one line in one class within one frame.
struct Reading: Hashable, Sendable {
    let sequence: Int64
    let observedAt: Timestamp
    let line: String
    let objectClass: String
    let countIn: Int64
    let countOut: Int64
    /// The mean over the objects that crossed.
    let confidence: Double
    let processingTime: Duration
    let modelVersion: String

    var json: JSON {
        [
            "sequence": .integer(sequence),
            "observed_at": .string(observedAt.rfc3339),
            "count_in": .integer(countIn),
            "count_out": .integer(countOut),
            "line": .string(line),
            "class": .string(objectClass),
            "confidence_score": .number(min(1, max(0, confidence))),
            "processing_time_ms": .number(processingTime / .milliseconds(1)),
            "ai_model_version": .string(modelVersion),
        ]
    }
}

/// Who numbers readings.
enum ReadingSeries: Hashable, Sendable {
    /// This run, under a name that no other run has.
    case source(String)
    /// The recording itself: every worker that counts the take numbers its readings alike.
    case take(Int64)

    /// What the body of a request says of it.
    var member: (name: String, value: JSON) {
        switch self {
        case .source(let source): ("source", .string(source))
        case .take(let take): ("take", .integer(take))
        }
    }
}

/// Turns frames' crossings into readings, and numbers them.
///
/// Those of a recording are numbered by its frames, so that a worker that counts it again, after a crash or in another
/// worker's place, gives each passage the same number; what was counted before is left out. Anything else is numbered
/// as it comes.
struct ReadingNumbering: Sendable {
    private enum Origin: Sendable {
        case recording(start: Timestamp)
        case live
    }

    let series: ReadingSeries
    private let origin: Origin
    /// The last sequence that was given, or counted before.
    private var last: Int64

    init(_ assignment: Assignment, workerID: String, now: Timestamp) {
        if let take = assignment.take {
            (series, origin, last) = (.take(take.number), .recording(start: take.startedAt), take.countedTo)
        } else {
            series = .source("\(workerID):\(now.microseconds / 1000):\(assignment.epoch)")
            (origin, last) = (.live, 0)
        }
    }

    /// How many frames at a recording's start were counted before.
    static func framesCounted(of take: AssignedTake) -> Int { Int(take.countedTo / readingsPerFrame) }

    /// One reading per line and class, in the order in which they occur; numbers grow from frame to frame.
    mutating func readings(of report: FrameReport) -> [Reading] {
        var groups: [(line: String, objectClass: DetectedClass, crossings: [Crossing])] = []
        for crossing in report.crossings {
            let known = groups.firstIndex { $0.line == crossing.line && $0.objectClass == crossing.objectClass }
            if let known {
                groups[known].crossings.append(crossing)
            } else {
                groups.append((crossing.line, crossing.objectClass, [crossing]))
            }
        }
        let readings = groups.enumerated().compactMap { index, group -> Reading? in
            let (sequence, observedAt) = number(report, index)
            guard sequence > last else { return nil }
            return Reading(
                sequence: sequence, observedAt: observedAt, line: group.line, objectClass: group.objectClass.rawValue,
                countIn: Int64(group.crossings.count(where: { $0.direction == .in })),
                countOut: Int64(group.crossings.count(where: { $0.direction == .out })),
                confidence: group.crossings.map(\.confidence).reduce(0, +) / Double(group.crossings.count),
                processingTime: report.processingTime, modelVersion: report.modelVersion)
        }
        last = readings.last?.sequence ?? last
        return readings
    }

    /// More lines times classes than one frame has room for: 32 lines with 80 classes each.
    private static let readingsPerFrame: Int64 = 4096

    private func number(_ report: FrameReport, _ index: Int) -> (Int64, Timestamp) {
        switch origin {
        case .recording(let start):
            (Int64(report.frame) * Self.readingsPerFrame + Int64(index) + 1, start + report.mediaTime)
        case .live: (last + Int64(index) + 1, Timestamp(report.grabbedAt))
        }
    }
}

extension Timestamp {
    init(_ date: Date) { self.init(microseconds: Int64((date.timeIntervalSince1970 * 1_000_000).rounded())) }
}
