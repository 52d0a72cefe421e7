import Counting
import EventSourcing
import Testing

@testable import UseCases

@Suite struct CorrectedCountTests {
    private let start = Timestamp(microseconds: 1_774_785_600_000_000)

    private func command(in countIn: Int64, isLineKnown: Bool = true) throws -> CorrectedCounts.Command {
        CorrectedCounts.Command(
            cameraID: try CameraID(1),
            draft: CorrectionDraft(
                range: try QuarterHours(from: start, to: start + .seconds(1800)), line: try LineName("door"),
                objectClass: CountReading.defaultClass, delta: try CountDelta(in: countIn, out: 0),
                reason: try Reason("recount")),
            isLineKnown: isLineKnown)
    }

    private func counted(_ countIn: Int64) -> CorrectedCounts.State {
        var state = CorrectedCounts.initial
        state.counts.buckets[start] = CorrectedCounts.Counts(
            countIn: countIn, countOut: 0, correctionIn: 0, correctionOut: 0)
        return state
    }

    @Test func aCorrectionStandsBesideWhatWasCounted() throws {
        let events = try CorrectedCounts.decide(command(in: -2), counted(5))
        let state = events.reduce(counted(5), CorrectedCounts.evolve)
        #expect(state.counts.buckets == counted(5).counts.buckets)
        #expect(state.counts.correction?.shares.map(\.start) == [start])
        #expect(state.counts.correction?.shares.map(\.delta.countIn) == [-2])
    }

    @Test func noMoreIsTakenOffThanThereIs() throws {
        let command = try command(in: -6)
        #expect(throws: CorrectedCounts.Rejection.belowZero(totalIn: 5, totalOut: 0)) {
            try CorrectedCounts.decide(command, counted(5))
        }
    }

    @Test func aLineThatNeverWasIsCorrectedOnlyWhereSomethingWasCounted() throws {
        let command = try command(in: 1, isLineKnown: false)
        #expect(throws: CorrectedCounts.Rejection.unknownLine(try LineName("door"))) {
            try CorrectedCounts.decide(command, CorrectedCounts.initial)
        }
        #expect(try CorrectedCounts.decide(command, counted(5)).count == 1)
    }

    @Test func withoutACameraNothingIsCorrected() throws {
        var state = counted(5)
        state.missing = .removed
        let command = try command(in: 1)
        #expect(throws: CorrectedCounts.Rejection.camera(.removed)) { try CorrectedCounts.decide(command, state) }
    }
}
