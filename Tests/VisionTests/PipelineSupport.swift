import Foundation
import Synchronization
import Testing

@testable import Vision

/// What a pipeline reported.
final class Recorder: Sendable {
    private let state = Mutex<(started: [String], reports: [FrameReport], lengths: [Duration])>(([], [], []))

    var started: [String] { state.withLock { $0.started } }
    var reports: [FrameReport] { state.withLock { $0.reports } }
    var lengths: [Duration] { state.withLock { $0.lengths } }

    /// "in 187": direction and frame of each crossing.
    var crossings: [String] {
        reports.flatMap { report in report.crossings.map { "\($0.direction) \(report.frame)" } }
    }

    func frames(_ direction: Crossing.Direction) -> [Int] {
        reports.flatMap { report in report.crossings.filter { $0.direction == direction }.map { _ in report.frame } }
    }

    func record(_ event: Pipeline.Event) {
        state.withLock {
            switch event {
            case .started(let width, let height): $0.started.append("\(width)x\(height)")
            case .crossed(let report): $0.reports.append(report)
            case .ended(let length): $0.lengths.append(length)
            }
        }
    }
}

/// Plays a file as fast as it goes.
@discardableResult
func play(
    _ path: String, lines: [CountingLine], detector: DetectorChoice = .motion,
    change: (inout PipelineSettings) -> Void = { _ in }
) async throws -> (recorder: Recorder, measurements: Measurements) {
    var settings = PipelineSettings(
        source: try CaptureSource(kind: .file, url: path), lines: lines, detector: detector)
    settings.pace = .fast
    change(&settings)
    let recorder = Recorder()
    let pipeline = Pipeline(settings) { recorder.record($0) }
    let ending = try await pipeline.run()
    #expect(ending == .ended)
    return (recorder, pipeline.takeMeasurements())
}

/// Whether each expected frame has a found one within the tolerance, one to one.
func agree(_ found: [Int], _ expected: [Int], within tolerance: Int) -> Bool {
    found.count == expected.count
        && zip(found.sorted(), expected.sorted()).allSatisfy { abs($0 - $1) <= tolerance }
}
