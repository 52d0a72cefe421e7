import Testing

@testable import Vision

/// Real clips whose crossings were counted by eye.
@Suite(.offThePool) struct ReferenceClipTests {
    private static let rightToLeft = [185, 208, 258, 537, 605, 682, 716]
    private static let leftToRight = [295, 640, 659, 696, 747]

    /// On OpenCV's clip of a yard: from pixel (180, 195) to (180, 290) of 768 by 576; inside is to the left.
    private func yard() throws -> CountingLine {
        try CountingLine(
            name: "yard", from: ImagePoint(x: 180.0 / 768, y: 195.0 / 576),
            to: ImagePoint(x: 180.0 / 768, y: 290.0 / 576),
            inside: ImagePoint(x: 0.1, y: 0.42))
    }

    @Test(
        .enabled(if: TestFiles.people != nil, "the clip of opencv-doc is missing"),
        .enabled(if: TestFiles.bodyModel != nil, "the body model is missing"))
    func yoloCountsSevenInAndFiveOut() async throws {
        let path = try #require(TestFiles.people)
        let model = try #require(TestFiles.bodyModel)
        let recorder = try await play(path, lines: [yard()], detector: .yolo(model: model, inputSize: 416)).recorder
        #expect(agree(recorder.frames(.in), Self.rightToLeft, within: 6), "\(recorder.crossings)")
        #expect(agree(recorder.frames(.out), Self.leftToRight, within: 6), "\(recorder.crossings)")
        #expect(recorder.reports.allSatisfy { $0.modelVersion == "yolo-fastest-1.1_body" })
        #expect(recorder.reports.flatMap(\.crossings).allSatisfy { $0.objectClass == .person && $0.confidence > 0.3 })
    }

    @Test(
        .enabled(if: TestFiles.people != nil, "the clip of opencv-doc is missing"),
        .enabled(if: TestFiles.bodyModel != nil, "the body model is missing"))
    func unwantedClassesAreNotCounted() async throws {
        let path = try #require(TestFiles.people)
        let model = try #require(TestFiles.bodyModel)
        let recorder = try await play(path, lines: [yard()], detector: .yolo(model: model, inputSize: 320)) {
            $0.classes = ["car"]
            $0.framesToSkip = 600
        }.recorder
        #expect(recorder.reports.isEmpty)
    }

    @Test(.enabled(if: TestFiles.people != nil, "the clip of opencv-doc is missing"))
    func motionCountsSevenInAndFiveOut() async throws {
        let path = try #require(TestFiles.people)
        let recorder = try await play(path, lines: [yard()]).recorder
        #expect(agree(recorder.frames(.in), Self.rightToLeft, within: 6), "\(recorder.crossings)")
        #expect(agree(recorder.frames(.out), Self.leftToRight, within: 6), "\(recorder.crossings)")
    }

    @Test(.enabled(if: TestFiles.cars != nil, "the clip of cars is missing"))
    func motionCountsTwoCarsUpAndTwoDown() async throws {
        let path = try #require(TestFiles.cars)
        let line = try CountingLine(
            name: "lane", from: ImagePoint(x: 0, y: 0.5), to: ImagePoint(x: 1, y: 0.5),
            inside: ImagePoint(x: 0.5, y: 0.1))
        let recorder = try await play(path, lines: [line]).recorder
        #expect(recorder.frames(.in).count == 2, "\(recorder.crossings)")
        #expect(recorder.frames(.out).count == 2, "\(recorder.crossings)")
    }

    @Test(.enabled(if: TestFiles.cars != nil, "the clip of cars is missing"))
    func theSameClipGivesTheSameCrossings() async throws {
        let path = try #require(TestFiles.cars)
        let line = try CountingLine(
            name: "lane", from: ImagePoint(x: 0, y: 0.5), to: ImagePoint(x: 1, y: 0.5),
            inside: ImagePoint(x: 0.5, y: 0.1))
        async let first = play(path, lines: [line]).recorder
        async let second = play(path, lines: [line]).recorder
        let (one, other) = try await (first, second)
        #expect(one.crossings == other.crossings)
        #expect(one.reports.map(\.mediaTime) == other.reports.map(\.mediaTime))
        #expect(one.reports.map(\.crossings) == other.reports.map(\.crossings))
    }
}
