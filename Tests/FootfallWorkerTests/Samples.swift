import EventSourcing
import Foundation

@testable import Vision
@testable import footfall_worker

func assignment(
    epoch: Int64 = 1, type: String = "file", url: String = "file:///clips/a.avi", settings: JSON = [:],
    take: Int64? = 1, countedTo: Int64? = nil
) throws -> Assignment {
    try Assignment([
        "take": take.map(JSON.integer) ?? .null, "counted_to": countedTo.map(JSON.integer) ?? .null,
        "camera_id": 7, "epoch": .integer(epoch), "version": 3, "status": "offline", "stream_url": .string(url),
        "stream_type": .string(type),
        "lines": [["name": "door", "from": [0, 0.5], "to": [1, 0.5], "inside": [0.5, 1]]], "settings": settings,
    ])
}

func report(frame: Int, _ crossings: [(line: String, direction: Crossing.Direction, objectClass: DetectedClass)])
    -> FrameReport
{
    FrameReport(
        frame: frame, mediaTime: .milliseconds(100 * frame), grabbedAt: Date(timeIntervalSince1970: 1_790_000_000),
        processingTime: .milliseconds(20), modelVersion: "m",
        crossings: crossings.enumerated().map { index, crossing in
            Crossing(
                line: crossing.line, direction: crossing.direction, track: index, objectClass: crossing.objectClass,
                confidence: 0.5)
        })
}

func reading(_ sequence: Int64) -> Reading {
    Reading(
        sequence: sequence, observedAt: Timestamp(microseconds: 0), line: "door", objectClass: "person", countIn: 1,
        countOut: 0, confidence: 0.5, processingTime: .zero, modelVersion: "m")
}
