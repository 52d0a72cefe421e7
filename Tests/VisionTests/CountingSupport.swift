import Foundation

@testable import Vision

/// Runs detections, frame by frame, through tracker and line counter.
struct Walk {
    var fps = 10.0
    var aspectRatio = 4.0 / 3
    var threshold = 0.3
    var lines: [CountingLine]

    struct Counted: Equatable, CustomStringConvertible {
        var frame: Int
        var line: String
        var direction: Crossing.Direction
        var description: String { "\(line) \(direction) at \(frame)" }
    }

    func counted(_ frames: [[Detection]]) -> [Counted] {
        var tracker = Tracker(model: MotionModel(aspectRatio: aspectRatio), threshold: threshold)
        var counter = LineCounter(lines: lines)
        var result: [Counted] = []
        for (index, detections) in frames.enumerated() {
            let update = tracker.update(detections, seconds: Double(index) / fps)
            result += counter.update(update).map { Counted(frame: index, line: $0.line, direction: $0.direction) }
        }
        let rest = counter.update(tracker.reset())
        return result + rest.map { Counted(frame: frames.count, line: $0.line, direction: $0.direction) }
    }

    func directions(_ frames: [[Detection]]) -> [Crossing.Direction] {
        counted(frames).map(\.direction)
    }
}

extension CountingLine {
    /// A door in the middle of the picture, from (0.5, 0.2) to (0.5, 0.8); inside is to the right.
    static func door() throws -> CountingLine {
        try CountingLine(
            name: "door", from: ImagePoint(x: 0.5, y: 0.2), to: ImagePoint(x: 0.5, y: 0.8),
            inside: ImagePoint(x: 0.9, y: 0.5))
    }
}

extension Detection {
    /// A person whose foot is at the point.
    static func person(
        _ x: Double, _ y: Double, width: Double = 0.06, height: Double = 0.2, confidence: Double = 0.9,
        objectClass: DetectedClass = .person
    ) -> Detection {
        Detection(
            box: Box(x: x - width / 2, y: y - height, width: width, height: height), objectClass: objectClass,
            confidence: confidence)
    }
}

/// Evenly spaced values from the first to the last.
func steps(_ first: Double, _ last: Double, count: Int) -> [Double] {
    (0..<count).map { first + (last - first) * Double($0) / Double(max(1, count - 1)) }
}
