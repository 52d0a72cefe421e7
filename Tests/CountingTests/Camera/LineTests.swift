import Counting
import Testing

@Suite struct LineTests {
    /// As the database tells them apart; what comes in is brought to one form first.
    @Test func namesAreToldApartByTheirBytes() throws {
        let (composed, decomposed) = (LineName(stored: "\u{E9}"), LineName(stored: "e\u{301}"))
        #expect(composed != decomposed)
        #expect(Set([composed, decomposed]).count == 2)
        #expect(try LineName("e\u{301}") == composed)
        #expect(decomposed.inNormalForm == composed)
        // Too short in the form that is kept, too long in the one that was sent, too long in the one that is kept.
        #expect(CountingTests.refusal { try CameraName("e\u{301}") } == .tooShort)
        #expect(CountingTests.refusal { try LineName(String(repeating: "e\u{301}", count: 60)) } == .tooLong)
        #expect(CountingTests.refusal { try LineName(String(repeating: "\u{958}", count: 60)) } == .tooLong)
    }

    @Test(arguments: [
        (0.0, 0.0, true), (1, 1, true), (0.5, -0.01, false), (1.01, 0, false), (.nan, 0, false), (0, .infinity, false),
    ])
    func pointsLieInThePicture(x: Double, y: Double, isAllowed: Bool) {
        #expect(CountingTests.refusal { try Point(x: x, y: y) } == (isAllowed ? nil : .outOfRange))
    }

    func refusal(from: Point, to: Point, inside: Point) -> InvalidValue.Code? {
        CountingTests.refusal {
            try Line(name: LineName(stored: "door"), from: from, to: to, inside: inside)
        }
    }

    @Test func aLineHasLength() {
        let point = Sample.point(0.3, 0.3)
        #expect(refusal(from: point, to: point, inside: Sample.point(0.5, 0.5)) == .lineWithoutLength)
    }

    @Test(arguments: [(0.5, 0.5), (0.1, 0.1), (0.3, 0.3), (0.9, 0.9), (0, 0), (0.5, 0.500_000_1)])
    func insideIsNotOnTheLineNorOnItsContinuation(x: Double, y: Double) {
        #expect(
            refusal(from: Sample.point(0.1, 0.1), to: Sample.point(0.7, 0.7), inside: Sample.point(x, y))
                == .insideOnLine)
    }

    @Test(arguments: [(0.5, 0.51), (0.51, 0.5), (0.5, 0.500_01)])
    func insideMayLieOnEitherSide(x: Double, y: Double) {
        #expect(refusal(from: Sample.point(0.1, 0.1), to: Sample.point(0.7, 0.7), inside: Sample.point(x, y)) == nil)
    }

    @Test func shortLinesHaveAnInsideToo() {
        #expect(
            refusal(from: Sample.point(0.5, 0.5), to: Sample.point(0.501, 0.5), inside: Sample.point(0.5, 0.51)) == nil)
    }

    @Test func namesOfACamerasLinesAreUnique() {
        let (door, gate) = (Sample.line("door"), Sample.line("gate"))
        #expect(CountingTests.refusal { try Lines([door, gate]) } == nil)
        #expect(CountingTests.refusal { try Lines([door, gate, Sample.line(" door ")]) } == .duplicateName)
    }

    @Test func aCameraHasUpTo32Lines() {
        let lines = (0..<33).map { Sample.line("line \($0)") }
        #expect(CountingTests.refusal { try Lines(Array(lines.prefix(32))) } == nil)
        #expect(CountingTests.refusal { try Lines(lines) } == .tooMany)
    }

    @Test func namesHaveOneTo100Characters() {
        #expect(CountingTests.refusal { try LineName(" ") } == .tooShort)
        #expect(CountingTests.refusal { try LineName(String(repeating: "x", count: 101)) } == .tooLong)
    }
}
