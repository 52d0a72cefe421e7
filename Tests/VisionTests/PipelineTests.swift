import Foundation
import Synchronization
import Testing

@testable import Vision

@Suite(.offThePool) struct PipelineTests {
    private let folder: TemporaryFolder
    private let clip: String

    /// Forty frames at ten a second; a walker crosses the door.
    init() throws {
        folder = try TemporaryFolder()
        clip = folder.path("clip.avi")
        var scene = SyntheticScene(width: 160, height: 120, seconds: 4)
        scene.figures = [
            .straight(
                .person, width: 0.1, height: 0.4, from: ImagePoint(x: -0.1, y: 0.6), to: ImagePoint(x: 1.1, y: 0.6),
                start: 1,
                seconds: 2.5)
        ]
        try scene.write(to: clip)
    }

    @Test func aFileIsPlayedOnceAndMeasured() async throws {
        let (recorder, measurements) = try await play(clip, lines: [.door()])
        #expect(recorder.started == ["160x120"])
        #expect(recorder.reports.count == 1)
        #expect(measurements.framesDropped == 0)
        #expect(measurements.fps > 0)
        #expect(measurements.decodeTime != nil)
        #expect(measurements.inferenceTime != nil)
        #expect(measurements.responseTime != nil)
        #expect((measurements.quality ?? 0) > 0.5)
    }

    @Test func crossingsCarryTheFilesOwnTime() async throws {
        let report = try #require(try await play(clip, lines: [.door()]).recorder.reports.first)
        #expect((18...28).contains(report.frame))
        #expect(report.mediaTime == .milliseconds(report.frame * 100))
        #expect(report.modelVersion == "motion")
        #expect(report.crossings.map(\.objectClass) == [.object])
    }

    @Test func aLoopGoesOnCounting() async throws {
        var settings = PipelineSettings(
            source: try CaptureSource(kind: .file, url: clip), lines: [try .door()], detector: .motion)
        settings.pace = .fast
        settings.loops = true
        let reports = AsyncStream.makeStream(of: FrameReport.self)
        let pipeline = Pipeline(settings) { event in
            if case .crossed(let report) = event { reports.continuation.yield(report) }
        }
        let running = Task { try await pipeline.run() }
        var seen: [FrameReport] = []
        for await report in reports.stream {
            seen.append(report)
            if seen.count == 3 { break }
        }
        running.cancel()
        #expect(try await running.value == .stopped)
        #expect(zip(seen, seen.dropFirst()).allSatisfy { $1.frame - $0.frame >= 38 && $1.mediaTime > $0.mediaTime })
    }

    @Test func aBlockedHandlerHoldsTheFileBack() async throws {
        // The handler waits; the file must not run on without it.
        let gate = DispatchSemaphore(value: 0)
        let recorder = Recorder()
        var settings = PipelineSettings(
            source: try CaptureSource(kind: .file, url: clip), lines: [try .door()], detector: .motion)
        settings.pace = .fast
        let pipeline = Pipeline(settings) { event in
            gate.wait()
            recorder.record(event)
        }
        let running = Task { try await pipeline.run() }
        #expect(recorder.reports.isEmpty)
        for _ in 0..<3 { gate.signal() }
        #expect(try await running.value == .ended)
        #expect(recorder.reports.count == 1)
        #expect(pipeline.takeMeasurements().framesDropped == 0)
    }

    @Test func framesCountedBeforeArePassedOver() async throws {
        let frame = try #require(try await play(clip, lines: [.door()]).recorder.reports.first?.frame)
        let rest = try await play(clip, lines: [.door()]) { $0.framesToSkip = frame + 1 }
        #expect(rest.recorder.reports.isEmpty)
    }

    @Test func framesCountedInAnInterruptedRunAreNotWaitedFor() throws {
        var settings = PipelineSettings(
            source: try CaptureSource(kind: .file, url: clip), lines: [], detector: .motion)
        (settings.pace, settings.framesCounted) = (.realtime, 20)
        #expect(!settings.waitsForItsTime(19) && settings.waitsForItsTime(20))
        settings.pace = .fast
        #expect(!settings.waitsForItsTime(20))
    }

    @Test func framesCountedInAnInterruptedRunAreLookedAtAgain() async throws {
        let whole = try await play(clip, lines: [.door()]).recorder
        let again = try await play(clip, lines: [.door()]) {
            ($0.pace, $0.framesCounted, $0.dropsLateFrames) = (.realtime, 1_000_000, false)
        }.recorder
        #expect(again.crossings == whole.crossings)
        #expect(whole.lengths == [.seconds(4)])
    }

    @Test func aFileThatIsLongerThanItCanBeIsNotCounted() async throws {
        await #expect(throws: VisionError.endsAhead(length: .seconds(4))) {
            try await play(clip, lines: [.door()]) { $0.longest = .milliseconds(3900) }
        }
        try await play(clip, lines: [.door()]) { $0.longest = .seconds(4) }
    }

    @Test func motionCountsWhateverClassesAreWanted() async throws {
        let recorder = try await play(clip, lines: [.door()]) { $0.classes = [.person] }.recorder
        #expect(recorder.reports.count == 1)
    }

    @Test func aRealtimeFileTakesItsTime() async throws {
        let begun = ContinuousClock.now
        try await play(clip, lines: [.door()]) { $0.pace = .realtime }
        #expect(ContinuousClock.now - begun >= .milliseconds(3800))
    }

    @Test func lateFramesAreDroppedOnlyWhereAllowed() {
        let start = ContinuousClock.now
        let drops = Schedule(start: start, origin: 0, drops: true)
        #expect(drops.due(2) == start + .seconds(2))
        #expect(!drops.isLate(2, interval: 0.1, now: start + .milliseconds(2090)))
        #expect(drops.isLate(2, interval: 0.1, now: start + .milliseconds(2110)))
        let keeps = Schedule(start: start, origin: 0, drops: false)
        #expect(!keeps.isLate(2, interval: 0.1, now: start + .seconds(60)))
    }

    @Test func onlyTheNewestLivePictureWaits() throws {
        let latest = LatestPicture()
        var next = try Picture()
        func frame(_ number: Int) -> LatestPicture.Frame {
            .init(picture: next, number: number, seconds: 0, grabbedAt: Date(), decode: .zero)
        }
        #expect(try latest.put(frame(0), nextInto: &next) == false)
        #expect(try latest.put(frame(1), nextInto: &next) == true)
        #expect(try latest.put(frame(2), nextInto: &next) == true)
        #expect(try latest.take(returning: nil)?.number == 2)
        latest.close(.failure(.interrupted(afterFrames: 3)))
        #expect(throws: VisionError.interrupted(afterFrames: 3)) { try latest.take(returning: nil) }
    }

    @Test func measurementsBeginAnewWhenTaken() {
        let start = ContinuousClock.now
        let meter = Meter(now: start)
        for _ in 0..<20 { meter.processed(decode: .milliseconds(2), inference: .milliseconds(10)) }
        for _ in 0..<5 { meter.dropped() }
        meter.looked(quality: 1)
        let taken = meter.take(now: start + .seconds(2))
        #expect(taken.fps == 10)
        #expect(taken.framesDropped == 5)
        #expect(taken.decodeTime == .milliseconds(2))
        #expect(taken.quality == 0.8)
        let next = meter.take(now: start + .seconds(4))
        #expect(next.framesDropped == 0)
        #expect(next.quality == nil)
    }

    @Test(arguments: [
        (128.0, 40.0, 20.0, 1.0), (5, 40, 20, 0.125), (128, 8, 20, 0.5), (128, 40, 2, 0.25), (255, 0, 0, 0),
    ])
    func qualityFallsWithLightContrastAndSharpness(mean: Double, deviation: Double, edges: Double, score: Double) {
        #expect(PictureQuality.score(mean: mean, deviation: deviation, edges: edges) == score)
    }

    @Test func aFrozenPictureIsWorthNothing() throws {
        let picture = try Picture()
        var random = SplitMix(state: 1)
        try picture.fill(bgr: (0..<64 * 48 * 3).map { _ in UInt8(random.next() % 256) }, width: 64, height: 48)
        let quality = try PictureQuality()
        let scores = try (0..<8).map { try quality.look(at: picture, seconds: Double($0)) }
        #expect((scores.first ?? nil) == 1)
        #expect((scores.last ?? nil) == 0)
        #expect(try quality.look(at: picture, seconds: 7.5) == nil)
    }
}
