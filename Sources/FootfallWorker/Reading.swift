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

/// Turns frames' crossings into readings, numbered under one source.
///
/// A file whose first frame has a time is numbered by its frames, so that a worker that plays it again after a crash
/// sends the same readings under the same numbers, and the server knows them. Anything else is numbered as it comes,
/// under a source that no other run has.
struct ReadingNumbering: Sendable {
    private enum Origin: Sendable {
        case clip(start: Timestamp)
        case live(last: Int64)
    }

    let source: String
    private var origin: Origin

    init(_ assignment: Assignment, workerID: String, now: Timestamp) {
        if assignment.kind == .file, let start = assignment.settings.startedAt {
            source = "\(workerID):file:\(assignment.epoch):\(assignment.fingerprint)"
            origin = .clip(start: start)
        } else {
            source = "\(workerID):\(now.microseconds / 1000):\(assignment.epoch)"
            origin = .live(last: 0)
        }
    }

    /// One reading per line and class, in the order in which they occur; numbers grow from frame to frame.
    mutating func readings(of report: FrameReport) -> [Reading] {
        var groups: [(line: String, objectClass: ObjectClass, crossings: [Crossing])] = []
        for crossing in report.crossings {
            let known = groups.firstIndex { $0.line == crossing.line && $0.objectClass == crossing.objectClass }
            if let known {
                groups[known].crossings.append(crossing)
            } else {
                groups.append((crossing.line, crossing.objectClass, [crossing]))
            }
        }
        return groups.enumerated().map { index, group in
            let (sequence, observedAt) = number(report, index)
            return Reading(
                sequence: sequence, observedAt: observedAt, line: group.line, objectClass: group.objectClass.rawValue,
                countIn: Int64(group.crossings.count(where: { $0.direction == .in })),
                countOut: Int64(group.crossings.count(where: { $0.direction == .out })),
                confidence: group.crossings.map(\.confidence).reduce(0, +) / Double(group.crossings.count),
                processingTime: report.processingTime, modelVersion: report.modelVersion)
        }
    }

    /// More lines times classes than one frame has room for: 32 lines with 80 classes each.
    private static let readingsPerFrame: Int64 = 4096

    private mutating func number(_ report: FrameReport, _ index: Int) -> (Int64, Timestamp) {
        switch origin {
        case .clip(let start):
            return (Int64(report.frame) * Self.readingsPerFrame + Int64(index) + 1, start + report.mediaTime)
        case .live(let last):
            origin = .live(last: last + 1)
            return (last + 1, Timestamp(report.grabbedAt))
        }
    }
}

extension Timestamp {
    init(_ date: Date) { self.init(microseconds: Int64((date.timeIntervalSince1970 * 1_000_000).rounded())) }
}
