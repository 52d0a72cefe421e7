import Testing

@testable import Vision

@Suite struct TrackerTests {
    private func tracker() -> Tracker {
        Tracker(model: MotionModel(aspectRatio: 4.0 / 3), threshold: 0.3)
    }

    /// The ids seen in each frame.
    private func ids(_ frames: [[Detection]], fps: Double = 10) -> [[Int]] {
        var tracker = tracker()
        return frames.enumerated().map { index, detections in
            tracker.update(detections, seconds: Double(index) / fps).seen.map(\.id)
        }
    }

    @Test(arguments: [5.0, 10, 30])
    func oneWalkerIsOneTrack(fps: Double) {
        // 2.5 of its widths a second.
        let frames = (0..<Int(4 * fps)).map { [Detection.person(0.1 + 0.15 * Double($0) / fps, 0.5)] }
        #expect(Set(ids(frames, fps: fps).flatMap { $0 }) == [1])
    }

    @Test func aTrackIsConfirmedByItsThirdSighting() {
        var tracker = tracker()
        let confirmed = (0..<3).map { index in
            tracker.update([.person(0.3, 0.5)], seconds: Double(index) / 10).seen.map(\.isConfirmed)
        }
        #expect(confirmed == [[false], [false], [true]])
    }

    @Test func aFlickerIsForgotten() {
        var tracker = tracker()
        _ = tracker.update([.person(0.3, 0.5)], seconds: 0)
        #expect(tracker.update([], seconds: 0.5).ended.isEmpty)
        #expect(tracker.update([], seconds: 0.6).ended.map(\.id) == [1])
    }

    @Test func whatIsHiddenForASecondKeepsItsTrack() {
        let frames = steps(0.2, 0.8, count: 60).enumerated().map { index, x in
            (25..<35).contains(index) ? [] : [Detection.person(x, 0.5)]
        }
        #expect(Set(ids(frames).flatMap { $0 }) == [1])
    }

    @Test func whatIsHiddenForLongEndsItsTrack() {
        let seen = Array(repeating: [Detection.person(0.5, 0.5)], count: 5)
        let frames = seen + Array(repeating: [], count: 20) + seen
        #expect(ids(frames).flatMap { $0 } == [1, 1, 1, 1, 1, 2, 2, 2, 2, 2])
    }

    @Test func twoThatCrossKeepTheirTracks() {
        let frames = steps(0.2, 0.8, count: 50).map { [Detection.person($0, 0.5), .person(1 - $0, 0.53)] }
        var tracker = tracker()
        var last = Tracker.Update()
        for (index, detections) in frames.enumerated() {
            last = tracker.update(detections, seconds: Double(index) / 10)
        }
        #expect(last.seen.map(\.id) == [1, 2])
        #expect((last.seen.first?.box.foot.x ?? 0) > 0.75)
    }

    @Test func unsureDetectionsCarryATrackOnButStartNone() {
        let sure = (0..<5).map { [Detection.person(0.2 + 0.01 * Double($0), 0.5)] }
        let unsure = (5..<30).map {
            [
                Detection.person(0.2 + 0.01 * Double($0), 0.5, confidence: 0.2),
                .person(0.8, 0.5, confidence: 0.2),
            ]
        }
        #expect(Set(ids(sure + unsure).flatMap { $0 }) == [1])
        #expect(ids(sure + unsure).last == [1])
    }

    @Test func aSecondLookAtTheUpperHalfStartsNoTrack() {
        let frames = steps(0.2, 0.6, count: 30).map {
            [Detection.person($0, 0.5), .person($0, 0.4, width: 0.05, height: 0.1, confidence: 0.5)]
        }
        #expect(Set(ids(frames).flatMap { $0 }) == [1])
    }

    @Test func aLostObjectDoesNotJumpToAnother() {
        let near = (0..<10).map { _ in [Detection.person(0.2, 0.5)] }
        let far = (0..<5).map { _ in [Detection.person(0.6, 0.5)] }
        #expect(ids(near + far).last == [2])
    }

    @Test func classesThatAreMixedUpAreOneTrackOfTheMajority() {
        var tracker = tracker()
        var last = Tracker.Update()
        for index in 0..<20 {
            let name: DetectedClass = index % 3 == 0 ? "truck" : "car"
            let car = Detection.person(0.2 + 0.01 * Double(index), 0.5, objectClass: name)
            last = tracker.update([car], seconds: Double(index) / 10)
        }
        #expect(last.seen.map(\.id) == [1])
        #expect(last.seen.first?.objectClass == "car")
    }

    @Test func aPersonAndTheirBicycleAreTwoTracks() {
        let frames = (0..<10).map { index -> [Detection] in
            let x = 0.2 + 0.01 * Double(index)
            return [.person(x, 0.5), .person(x, 0.5, objectClass: "bicycle")]
        }
        #expect(ids(frames).last == [1, 2])
    }

    @Test func theSameDetectionsGiveTheSameTracks() {
        var random = SplitMix(state: 9)
        let frames = (0..<100).map { _ in
            (0..<6).map { _ in
                Detection.person(
                    Double(random.next() % 1000) / 1000, Double(random.next() % 1000) / 1000,
                    confidence: Double(random.next() % 100) / 100)
            }
        }
        #expect(ids(frames) == ids(frames))
    }

    @Test func resetGivesUpAllTracksAndGoesOnNumbering() {
        var tracker = tracker()
        _ = tracker.update([.person(0.2, 0.5), .person(0.8, 0.5)], seconds: 0)
        #expect(tracker.reset().ended.map(\.id) == [1, 2])
        #expect(tracker.update([.person(0.2, 0.5)], seconds: 0.1).seen.map(\.id) == [3])
    }
}
