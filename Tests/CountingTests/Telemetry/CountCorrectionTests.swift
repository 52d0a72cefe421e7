import Counting
import EventSourcing
import Testing

@Suite struct CountCorrectionTests {
    static let start = Timestamp(microseconds: 1_774_744_200_000_000)

    static func quarter(_ index: Int) -> Timestamp { start + .seconds(900 * index) }

    static func correct(
        _ deltaIn: Int64, _ deltaOut: Int64 = 0, over count: Int, of totals: [Int: (in: Int64, out: Int64)]
    ) throws -> CountCorrection {
        try CountCorrection(
            cameraID: Sample.id, range: QuarterHours(from: start, to: quarter(count)), line: LineName("door"),
            objectClass: ObjectClass("person"), delta: CountDelta(in: deltaIn, out: deltaOut), reason: Sample.reason,
            totals: Dictionary(uniqueKeysWithValues: totals.map { (quarter($0.key), $0.value) }))
    }

    static let lowered = valid { try correct(-3, 1, over: 3, of: [0: (5, 0), 2: (0, 2)]) }

    /// What falls to each quarter hour, in.
    private func shares(_ delta: Int64, _ totals: [Int64]) throws -> [Int64] {
        let correction = try Self.correct(
            delta, over: totals.count, of: Dictionary(uniqueKeysWithValues: totals.enumerated().map { ($0, ($1, 0)) }))
        return totals.indices.map { index in
            correction.shares.first { $0.start == Self.quarter(index) }?.delta.countIn ?? 0
        }
    }

    @Test func aCorrectionIsAllottedInProportionToWhatThereIs() throws {
        #expect(try shares(6, [1, 0, 2]) == [2, 0, 4])
        #expect(try shares(-3, [2, 0, 4]) == [-1, 0, -2])
        #expect(try shares(-6, [2, 0, 4]) == [-2, 0, -4])
        // 10/7 and 20/7 and 40/7: two are left over, for the largest remainders.
        #expect(try shares(10, [1, 2, 4]) == [1, 3, 6])
        #expect(try shares(1, [3, 3, 3]) == [1, 0, 0])
        #expect(try shares(-1, [1, 1]) == [-1, 0])
    }

    @Test func whereNothingWasCountedItIsAllottedEvenly() throws {
        #expect(try shares(7, [0, 0, 0]) == [3, 2, 2])
        #expect(try shares(1, [0]) == [1])
    }

    @Test func sharesAddUpAndTakeNothingBelowZero() throws {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<500 {
            let totals = (0..<Int.random(in: 1...40, using: &random)).map { _ in Int64.random(in: 0...9) }
            let sum = totals.reduce(0, +)
            let delta = Int64.random(in: -sum...50, using: &random)
            if delta == 0 { continue }
            let shares = try shares(delta, totals)
            #expect(shares.reduce(0, +) == delta, "\(totals) \(delta)")
            #expect(zip(totals, shares).allSatisfy { $0 + $1 >= 0 }, "\(totals) \(delta)")
        }
    }

    @Test func largeTotalsDoNotOverflow() throws {
        #expect(try shares(-1_000_000, [.max / 2, .max / 2]) == [-500_000, -500_000])
    }

    @Test func moreThanThereIsIsRejectedWithWhatThereIs() throws {
        #expect(throws: CountCorrection.Rejection.belowZero(totalIn: 5, totalOut: 2)) {
            try Self.correct(-6, over: 3, of: [0: (5, 0), 2: (0, 2)])
        }
        #expect(throws: CountCorrection.Rejection.belowZero(totalIn: 5, totalOut: 2)) {
            try Self.correct(1, -3, over: 3, of: [0: (5, 0), 2: (0, 2)])
        }
    }

    @Test func rangesAreWholeQuarterHoursOfAWeekAtMost() {
        func refused(_ from: Timestamp, _ to: Timestamp) -> InvalidValue.Code? {
            refusal { try QuarterHours(from: from, to: to) }
        }
        let start = Self.start
        #expect(refused(start, Self.quarter(7 * 96)) == nil)
        #expect(refused(start, Self.quarter(7 * 96 + 1)) == .tooLarge)
        #expect(refused(start, start) == .outOfRange)
        #expect(refused(Self.quarter(1), start) == .outOfRange)
        #expect(refused(start + .microseconds(1), Self.quarter(1)) == .outOfRange)
        #expect(refused(start, Self.quarter(1) + .seconds(60)) == .outOfRange)
    }

    @Test func deltasAreBoundedAndNotBothZero() {
        #expect(refusal { try CountDelta(in: 0, out: 0) } == .outOfRange)
        #expect(refusal { try CountDelta(in: 1_000_001, out: 0) } == .outOfRange)
        #expect(refusal { try CountDelta(in: 0, out: -1_000_001) } == .outOfRange)
        #expect(refusal { try CountDelta(in: -1_000_000, out: 1_000_000) } == nil)
    }

    @Test func aCorrectionIsReadAsItWasWritten() throws {
        #expect(try CountCorrection(Sample.recorded(Self.lowered.event)) == Self.lowered)
    }
}
