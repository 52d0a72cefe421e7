import Counting
import EventSourcing
import MetricsTestKit
import Postgres
import ReactingProcess
import Synchronization
import TestSupport
import Testing

@testable import Reactions

/// A reaction that cannot take an event.
@Suite(.timeLimit(.minutes(5))) struct StoppedReactionTests {
    private static let poison = Echo.question("many")

    @Test func onlyTheReactionThatCannotTakeAnEventStops() async throws {
        try await Bench.with { bench in
            try await bench.ask(1...3)
            _ = try await bench.log.append(Self.poison)
            try await bench.ask(4...6)
            let metrics = TestMetrics()
            @Sendable func gauge(_ name: String, _ reaction: String) -> Double? {
                // It is there once it has been recorded.
                (try? metrics.expectGauge("footfall_reaction_\(name)", [("reaction", reaction)]))?.lastValue
            }
            try await bench.running([Echo(), Deaf()], metrics: metrics) {
                try await bench.waits { $0.stall == "event" }
                try await bench.waitsForEnd(of: "deaf")
                let shown = try #require(try await bench.shown())
                #expect(shown.position == 3)
                #expect(shown.stall == "event")
                #expect(shown.stalledPosition == 4)
                #expect(shown.error == "the question cannot be read")
                // The three questions after it, and the answers to those before it.
                #expect(shown.lag == 13)
                while gauge("stopped", "echo") != 1 || gauge("lag", "echo") != 13 { await Task.yield() }
                #expect(gauge("position", "echo") == 3)
                while gauge("lag", "deaf") != 0 { await Task.yield() }
                #expect(gauge("stopped", "deaf") == 0)
            }
            try await bench.expectAnswers(upTo: 3)
        }
    }

    @Test func itGoesOnByItselfWhereItCanTakeTheEventLater() async throws {
        try await Bench.with { bench in
            try await bench.ask(1...5)
            let failures = Mutex(2)
            let echo = Echo { number, _ in
                let fails = failures.withLock { failures in
                    guard number == 3, failures > 0 else { return false }
                    failures -= 1
                    return true
                }
                if fails { throw Unreachable() }
            }
            try await bench.running([echo]) {
                try await bench.waits { $0.stall == "event" }
                #expect(try await bench.shown()?.error == "the receiver does not answer")
                try await bench.waitsForEnd()
                #expect(try await bench.shown()?.stall == nil)
            }
            // What had been appended when the effect failed was not appended again.
            try await bench.expectAnswers(upTo: 5)
        }
    }

    @Test func aStateThatCannotBeReadIsShownAndNothingIsActedOn() async throws {
        try await Bench.with { bench in
            let tellers = Tellers()
            try await bench.pool.query("insert into reactions (reaction, position, state) values ('echo', 0, '{}')")
            try await bench.ask(1...2)
            try await bench.running([tellers.echo(start: .after(0))]) {
                try await bench.waits { $0.stall == "error" }
                let error = try #require(try await bench.shown()?.error)
                #expect(
                    error
                        == "what the reaction echo remembers cannot be read by this release: what was answered cannot be read"
                )
                #expect(tellers.numbers == [])
                try await bench.pool.query(
                    """
                    update reactions set state = '{"answered": 0}'
                    """)
                try await bench.waitsForEnd()
                #expect(try await bench.shown()?.stall == nil)
            }
            try await bench.expectAnswers(upTo: 2)
        }
    }

    @Test func aLogThatWentBackIsShown() async throws {
        try await Bench.with { bench in
            try await bench.ask(1...2)
            try await bench.pool.query(
                """
                insert into reactions (reaction, position, state) values ('echo', 7, '{"answered": 0}')
                """)
            try await bench.running([Echo()]) {
                try await bench.waits { $0.stall == "error" }
                #expect(try await bench.shown()?.error?.contains("the log ends at position 2") == true)
            }
        }
    }

    @Test func aReactionThatNoProcessRunsIsShown() async throws {
        try await Bench.with { bench in
            try await bench.running([Echo()]) { try await bench.waitsForEnd() }
            try await bench.ask(1...3)
            try await bench.waits { $0.stall == "no_process" }
            #expect(try await bench.shown()?.lag == 3)
        }
    }
}

struct Unreachable: Error, CustomStringConvertible {
    let description = "the receiver does not answer"
}

/// Takes every event, and does nothing.
struct Deaf: Reaction {
    let name: ReactionName = "deaf"
    let start = ReactionStart.after(0)

    func react(_ event: RecordedEvent, _ state: NoState) -> [Action<Never>] { [] }
}
