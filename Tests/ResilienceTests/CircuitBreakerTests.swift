import Metrics
import MetricsTestKit
import Resilience
import Synchronization
import Testing

@Suite struct CircuitBreakerTests {
    private struct Down: Error {}
    private struct Refused: Error {}

    private final class SteppedClock: Sendable {
        private let instant = Mutex(ContinuousClock.now)
        var now: ContinuousClock.Instant { instant.withLock(\.self) }
        func advance(by duration: Duration) { instant.withLock { $0 += duration } }
    }

    private let metrics = TestMetrics()
    private let clock = SteppedClock()

    private func breaker() -> CircuitBreaker {
        CircuitBreaker(
            "thing", Circuit.Rule(failures: 2, firstPause: .seconds(1)), metrics: metrics, now: { [clock] in clock.now }
        )
    }

    private func level() throws -> Double? {
        try metrics.expectGauge("footfall_circuit_state", [("circuit", "thing")]).lastValue
    }

    @Test func callsAreKeptAwayUntilATrialSucceedsAndTheGaugeShowsIt() async throws {
        let breaker = breaker()
        #expect(try level() == 0)
        for _ in 0..<2 {
            await #expect(throws: Down.self) { try await breaker.run { throw Down() } }
        }
        #expect(breaker.state == .open)
        #expect(try level() == 2)
        let refusal = await #expect(throws: CircuitOpen.self) { try await breaker.run {} }
        #expect(refusal?.name == "thing")
        let pause = try #require(refusal?.retryAfter)
        #expect(pause <= .seconds(1))

        clock.advance(by: .seconds(1))
        let during = try await breaker.run { (breaker.state, try level()) }
        #expect(during == (.halfOpen, 1))
        #expect(breaker.state == .closed)
        #expect(try level() == 0)
    }

    @Test func anErrorThatIsAnAnswerIsNoFailure() async throws {
        let breaker = breaker()
        for _ in 0..<10 {
            await #expect(throws: Refused.self) {
                try await breaker.run(isFailure: { $0 is Down }) { throw Refused() }
            }
        }
        #expect(breaker.state == .closed)
    }

    @Test func aCancelledCallSaysNothing() async throws {
        let breaker = breaker()
        for _ in 0..<10 {
            await #expect(throws: CancellationError.self) { try await breaker.run { throw CancellationError() } }
        }
        #expect(breaker.state == .closed)
    }
}
