import Resilience
import Synchronization
import Testing

@Suite struct FailureNoticesTests {
    private final class Clock: Sendable {
        private let instant = Mutex(ContinuousClock.now)

        var now: ContinuousClock.Instant { instant.withLock(\.self) }

        func advance(by duration: Duration) { instant.withLock { $0 += duration } }
    }

    @Test func aFailureThatLastsIsToldOnceAMinute() {
        let clock = Clock()
        let notices = FailureNotices(now: { clock.now })
        var told = 0
        for _ in 0..<600 {
            if notices.isDue("the database is away") { told += 1 }
            clock.advance(by: .milliseconds(500))
        }
        #expect(told == 5)
    }

    @Test func eachFailureIsToldForItself() {
        let notices = FailureNotices()
        #expect(notices.isDue("one"))
        #expect(notices.isDue("two"))
        #expect(!notices.isDue("one"))
    }

    @Test func whatIsBeyondTheCapacityIsToldAndNotRemembered() {
        let clock = Clock()
        let notices = FailureNotices(capacity: 2, now: { clock.now })
        for failure in ["one", "two", "three", "three"] { #expect(notices.isDue(failure)) }
        #expect(!notices.isDue("one"))
        clock.advance(by: .seconds(61))
        #expect(notices.isDue("three"))
        #expect(!notices.isDue("three"))
    }
}
