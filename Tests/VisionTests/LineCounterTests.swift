import Testing

@testable import Vision

@Suite struct LineCounterTests {
    private let walk: Walk

    init() throws {
        walk = Walk(lines: [try .door()])
    }

    @Test func walkingTowardsTheInsideCountsIn() {
        #expect(walk.directions(steps(0.2, 0.8, count: 30).map { [.person($0, 0.5)] }) == [.in])
    }

    @Test func walkingAwayFromTheInsideCountsOut() {
        #expect(walk.directions(steps(0.8, 0.2, count: 30).map { [.person($0, 0.5)] }) == [.out])
    }

    @Test func theLinesDirectionDoesNotMatter() throws {
        let door = try CountingLine.door()
        let turned = try CountingLine(name: "door", from: door.to, to: door.from, inside: door.inside)
        let walk = Walk(lines: [turned])
        #expect(walk.directions(steps(0.2, 0.8, count: 30).map { [.person($0, 0.5)] }) == [.in])
    }

    @Test func aSlantedLineCountsByItsOwnSide() throws {
        let line = try CountingLine(
            name: "slant", from: ImagePoint(x: 0.2, y: 0.2), to: ImagePoint(x: 0.8, y: 0.8),
            inside: ImagePoint(x: 0.2, y: 0.8))
        let walk = Walk(lines: [line])
        let down = steps(0.2, 0.95, count: 30).map { [Detection.person(0.5, $0, height: 0.15)] }
        #expect(walk.directions(down) == [.in])
        #expect(walk.directions(down.reversed()) == [.out])
    }

    @Test func jitterOnTheLineCountsOnce() {
        var random = SplitMix(state: 3)
        let there = steps(0.2, 0.5, count: 20)
        let onward = steps(0.5, 0.8, count: 20)
        let standing = (0..<80).map { _ in 0.5 + Double(Int(random.next() % 21) - 10) / 1000 }
        #expect(walk.directions((there + standing + onward).map { [.person($0, 0.5)] }) == [.in])
        #expect(walk.directions((there + standing + there.reversed()).map { [.person($0, 0.5)] }) == [])
    }

    @Test func stoppingOnTheLineCountsNothing() {
        let places = steps(0.2, 0.5, count: 20) + Array(repeating: 0.5, count: 100)
        #expect(walk.directions(places.map { [.person($0, 0.5)] }) == [])
    }

    @Test func crossingAndComingBackCountsBoth() {
        let there = steps(0.2, 0.65, count: 25)
        #expect(walk.directions((there + there.reversed()).map { [.person($0, 0.5)] }) == [.in, .out])
    }

    @Test func turningBackBeforeTheLineCountsNothing() {
        let there = steps(0.2, 0.485, count: 25)
        #expect(walk.directions((there + there.reversed()).map { [.person($0, 0.5)] }) == [])
    }

    @Test func turningBackWithAFootOverTheLineCountsNothing() {
        let there = steps(0.2, 0.505, count: 25)
        #expect(walk.directions((there + there.reversed()).map { [.person($0, 0.5)] }) == [])
    }

    @Test(arguments: [0.95, 0.15])
    func passingBeyondTheEndsCountsNothing(y: Double) {
        #expect(walk.directions(steps(0.2, 0.8, count: 30).map { [.person($0, y)] }) == [])
    }

    @Test func goingRoundTheEndAndThroughCountsOnlyTheCrossing() {
        let round = steps(0.2, 0.8, count: 20).map { ($0, 0.95) }
        let up = steps(0.95, 0.5, count: 15).map { (0.8, $0) }
        let back = steps(0.8, 0.2, count: 20).map { ($0, 0.5) }
        #expect(walk.directions((round + up + back).map { [.person($0.0, $0.1)] }) == [.out])
    }

    @Test(arguments: [5.0, 8])
    func jumpingOverTheLineCountsOnce(fps: Double) {
        var walk = walk
        walk.fps = fps
        // A width and a half of its own between two frames.
        let places = steps(0.05, 0.95, count: 11)
        #expect(walk.directions(places.map { [.person($0, 0.5)] }) == [.in])
    }

    @Test func theFootDecides() throws {
        let line = try CountingLine(
            name: "step", from: ImagePoint(x: 0.1, y: 0.6), to: ImagePoint(x: 0.9, y: 0.6),
            inside: ImagePoint(x: 0.5, y: 0.9))
        let walk = Walk(lines: [line])
        // Head and middle stay above the line.
        #expect(walk.directions(steps(0.5, 0.68, count: 25).map { [.person(0.5, $0)] }) == [.in])
        // The head crosses, the foot does not.
        #expect(walk.directions(steps(0.95, 0.7, count: 25).map { [.person(0.5, $0)] }) == [])
    }

    @Test func eachLineCountsForItself() throws {
        let lines = try [0.3, 0.5, 0.7].map { x in
            try CountingLine(
                name: "at \(x)", from: ImagePoint(x: x, y: 0.1), to: ImagePoint(x: x, y: 0.9),
                inside: ImagePoint(x: x == 0.5 ? 0 : 1, y: 0.5))
        }
        let counted = Walk(lines: lines).counted(steps(0.1, 0.9, count: 40).map { [.person($0, 0.5)] })
        #expect(counted.map(\.line) == ["at 0.3", "at 0.5", "at 0.7"])
        #expect(counted.map(\.direction) == [.in, .out, .in])
    }

    @Test func twoSideBySideCountTwice() {
        let frames = steps(0.2, 0.8, count: 30).map { [Detection.person($0, 0.45), .person($0 + 0.01, 0.65)] }
        #expect(walk.directions(frames) == [.in, .in])
    }

    @Test func twoMeetingOnTheLineCountOneEach() {
        let frames = steps(0.2, 0.8, count: 40).map { x -> [Detection] in
            let one = Detection.person(x, 0.5)
            let other = Detection.person(1 - x, 0.52)
            // The one in front hides the other.
            return one.box.overlap(other.box) > 0.3 ? [other] : [one, other]
        }
        #expect(walk.directions(frames).sorted { $0.rawValue < $1.rawValue } == [.in, .out])
    }

    @Test func unseenWhileCrossingCountsWhenSeenAgain() {
        let frames = steps(0.2, 0.8, count: 40).map { (0.46...0.55).contains($0) ? [] : [Detection.person($0, 0.5)] }
        #expect(walk.directions(frames) == [.in])
    }

    @Test func swayingOnTheLineCountsNothing() {
        // Leaves: they sway over the line by half of their width, but never come from anywhere.
        let frames = (0..<200).map { [Detection.person(0.5 + ($0 % 6 < 3 ? 0.012 : -0.012), 0.5)] }
        #expect(walk.directions(frames) == [])
    }

    @Test func anObjectLostJustBeyondTheLineCounts() throws {
        let edge = try CountingLine(
            name: "edge", from: ImagePoint(x: 0.96, y: 0.1), to: ImagePoint(x: 0.96, y: 0.9),
            inside: ImagePoint(x: 0.99, y: 0.5))
        let frames = steps(0.5, 0.967, count: 30).map { [Detection.person($0, 0.5)] }
        #expect(Walk(lines: [edge]).directions(frames + Array(repeating: [], count: 20)) == [.in])
    }

    @Test func linesWithoutLengthOrSideAreRefused() {
        let point = ImagePoint(x: 0.5, y: 0.5)
        #expect(throws: LineError.noLength(line: "a")) {
            try CountingLine(name: "a", from: point, to: point, inside: ImagePoint(x: 0, y: 0))
        }
        #expect(throws: LineError.insideOnLine(line: "b")) {
            try CountingLine(name: "b", from: ImagePoint(x: 0, y: 0), to: ImagePoint(x: 1, y: 1), inside: point)
        }
    }
}
