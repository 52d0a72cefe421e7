import Testing

@testable import Projector

@Suite struct RangeSizeTests {
    @Test func aRangeGrowsUntilItTakesASecond() {
        var size = RangeSize(events: 1000)
        // 50 000 events a second.
        for _ in 0..<10 { size.learn(events: size.events, took: .microseconds(size.events * 20)) }
        #expect((49_000...51_000).contains(size.events))
    }

    @Test func itGrowsNoMoreThanFourfoldAtATime() {
        var size = RangeSize(events: 1000)
        size.learn(events: 1000, took: .zero)
        #expect(size.events == 4000)
    }

    @Test func itShrinksAtOnceWhereEventsBecomeDear() {
        var size = RangeSize(events: 100_000)
        size.learn(events: 100_000, took: .seconds(20))
        #expect(size.events == 5000)
    }

    @Test func itStaysWithinItsBounds() {
        var size = RangeSize()
        for _ in 0..<20 { size.learn(events: size.events, took: .zero) }
        #expect(size.events == RangeSize.bounds.upperBound)
        for _ in 0..<20 { size.learn(events: size.events, took: .seconds(100_000)) }
        #expect(size.events == RangeSize.bounds.lowerBound)
    }

    @Test func theFewEventsAtTheEndOfTheLogTeachNothing() {
        var size = RangeSize(events: 100_000)
        size.learn(events: 12, took: .milliseconds(5))
        size.learn(events: 0, took: .milliseconds(1))
        #expect(size.events == 100_000)
    }
}
