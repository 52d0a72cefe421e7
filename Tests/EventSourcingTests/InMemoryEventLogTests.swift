import EventSourcing
import Testing

/// What the log in memory has of its own; what it shares with the lasting one is asked of both together.
@Suite struct InMemoryEventLogTests {
    @Test func recordedTimeNeverDecreases() async throws {
        let clock = SteppingClock([5, 3, 8])
        let log = InMemoryEventLog(now: clock.next)
        for _ in 0..<3 {
            _ = try await log.append([Append(to: "a-1", events: [NewEvent(type: "Happened", data: [:])])])
        }
        #expect(try await log.readAll("a-1").map(\.recordedAt.microseconds) == [5, 5, 8])
    }
}
