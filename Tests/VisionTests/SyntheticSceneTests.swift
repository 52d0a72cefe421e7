import Testing

@testable import Vision

/// Made-up clips, written as video files and read back through the real capture, counted by motion.
@Suite(.offThePool) struct SyntheticSceneTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private func count(_ scene: SyntheticScene, line: CountingLine? = nil) async throws -> [Crossing.Direction] {
        let path = folder.path("scene.avi")
        try scene.write(to: path)
        let recorder = try await play(path, lines: [line ?? .door()]).recorder
        return recorder.reports.flatMap { $0.crossings.map(\.direction) }
    }

    private func walker(from: Double, to: Double, y: Double = 0.6, start: Double = 1.5) -> SyntheticScene.Figure {
        .straight(
            .person, width: 0.07, height: 0.25, from: ImagePoint(x: from, y: y), to: ImagePoint(x: to, y: y),
            start: start,
            seconds: 3.5)
    }

    @Test(arguments: [5.0, 10, 25])
    func aWalkerCountsAtAnyFrameRate(fps: Double) async throws {
        var scene = SyntheticScene(fps: fps)
        scene.figures = [walker(from: -0.1, to: 1.1)]
        #expect(try await count(scene) == [.in])
    }

    @Test(arguments: [(160, 120), (480, 270)])
    func aWalkerCountsAtAnySize(width: Int, height: Int) async throws {
        var scene = SyntheticScene(width: width, height: height)
        scene.figures = [walker(from: 1.1, to: -0.1)]
        #expect(try await count(scene) == [.out])
    }

    @Test func walkersInBothDirectionsCount() async throws {
        var scene = SyntheticScene(seconds: 7)
        scene.figures = [
            walker(from: -0.1, to: 1.1, y: 0.4), walker(from: 1.1, to: -0.1, y: 0.75, start: 2),
            walker(from: -0.1, to: 1.1, y: 0.4, start: 3),
        ]
        #expect(try await count(scene) == [.in, .out, .in])
    }

    @Test func shadowsAndChangingExposureCountNothing() async throws {
        var scene = SyntheticScene(seconds: 7)
        scene.castsShadows = true
        scene.exposure = { time in time < 2 ? 1 : max(0.65, 1 - (time - 2) * 0.2) }
        scene.figures = [walker(from: -0.1, to: 1.1, start: 2)]
        #expect(try await count(scene) == [.in])
    }

    @Test func aLampSwitchedOffCountsNothing() async throws {
        var scene = SyntheticScene()
        scene.exposure = { $0 < 3 ? 1 : 0.5 }
        #expect(try await count(scene) == [])
    }

    @Test func aWalkerBehindAPostCountsOnce() async throws {
        var scene = SyntheticScene()
        scene.post = Box(x: 0.48, y: 0, width: 0.06, height: 1)
        scene.figures = [walker(from: -0.1, to: 1.1)]
        #expect(try await count(scene) == [.in])
    }

    @Test func aVehicleFromAboveCounts() async throws {
        let line = try CountingLine(
            name: "lane", from: ImagePoint(x: 0, y: 0.5), to: ImagePoint(x: 1, y: 0.5), inside: ImagePoint(x: 0.5, y: 1)
        )
        var scene = SyntheticScene(fps: 12.5, seconds: 5)
        scene.figures = [
            .straight(
                .vehicle, width: 0.2, height: 0.35, colour: (220, 220, 220), from: ImagePoint(x: 0.3, y: 0),
                to: ImagePoint(x: 0.35, y: 1.4), start: 1.5, seconds: 2),
            .straight(
                .vehicle, width: 0.2, height: 0.35, colour: (30, 30, 160), from: ImagePoint(x: 0.7, y: 1.4),
                to: ImagePoint(x: 0.7, y: 0), start: 2, seconds: 2),
        ]
        #expect(try await count(scene, line: line).sorted { $0.rawValue < $1.rawValue } == [.in, .out])
    }

    @Test func turningRoundBehindTheLineCountsBoth() async throws {
        var scene = SyntheticScene(seconds: 8)
        scene.figures = [
            .init(look: .person, width: 0.07, height: 0.25, colour: (40, 40, 50)) { time in
                let part = (time - 1.5) / 6
                guard part >= 0, part <= 1 else { return nil }
                return ImagePoint(x: -0.1 + 1.6 * (part < 0.5 ? part : 1 - part), y: 0.6)
            }
        ]
        #expect(try await count(scene) == [.in, .out])
    }

    @Test func anEmptySceneCountsNothing() async throws {
        #expect(try await count(SyntheticScene(noise: 8)) == [])
    }
}
