import Counting
import EventSourcing
import ReactingProcess
import TestSupport
import Testing

@testable import Postgres
@testable import Reactions

/// Leaving out, for good, the event at which a reaction has stopped.
@Suite(.timeLimit(.minutes(5))) struct SkipTests {
    private func skip(_ position: Int64, error: String, _ bench: Bench) async throws -> ReactionSkip.Outcome {
        let connection = try await Connection.open(bench.target, logger: .silent)
        defer { connection.close() }
        let skipped = ReactionEventSkipped(
            reaction: "echo",
            skipped: SkippedEvent(
                position: position, type: "Asked", stream: "questions-1", error: error,
                reason: Reason(stored: "asked by nobody")))
        return try await ReactionSkip.record(
            skipped.event, by: "ana", skipping: position, of: "echo", on: connection)
    }

    private static let poison = Echo.question("many")
    private static let error = "the question cannot be read"

    @Test func theReactionGoesOnAfterTheEvent() async throws {
        try await Bench.with { bench in
            try await bench.ask(1...3)
            _ = try await bench.log.append(Self.poison)
            try await bench.running([Echo()]) {
                try await bench.waits { $0.stall == "event" }
                let head = try await bench.log.head()
                #expect(try await skip(4, error: Self.error, bench) == .skipped(recordedAt: head + 1))
                try await bench.ask(4...6)
                try await bench.waitsForEnd()
                #expect(try await bench.shown()?.stall == nil)
                // The state knows nothing of the event: the answers are numbered without it.
                try await bench.expectAnswers(upTo: 6)
                #expect(try await skip(4, error: Self.error, bench) == .skippedBefore(recordedAt: head + 1))
            }
            let event = try #require(try await bench.log.readAll("reaction-echo").first)
            #expect(event.type == "ReactionEventSkipped")
            #expect(try JSON.parse(event.metadata)["actor"] == "ana")
            #expect(try ReactionEventSkipped(event).skipped.position == 4)
            let audited = try await bench.pool.query(
                "select severity, data ->> 'reason' from read.audit where type = 'ReactionEventSkipped'")[0]
            #expect(try audited.text(0) == "warning")
            #expect(try audited.text(1) == "asked by nobody")
        }
    }

    @Test func onlyTheEventAtWhichItStoppedIsSkipped() async throws {
        try await Bench.with { bench in
            try await bench.ask(1...3)
            _ = try await bench.log.append(Self.poison)
            try await bench.running([Echo()]) { try await bench.waits { $0.stall == "event" } }
            let head = try await bench.log.head()
            #expect(try await skip(3, error: Self.error, bench) == .passed)
            #expect(try await skip(5, error: Self.error, bench) == .notStopped)
            // It stopped by something else than what the operator has seen.
            #expect(try await skip(4, error: "no answer", bench) == .notStopped)
            #expect(try await bench.log.head() == head)
            // No process needs to run it.
            #expect(try await skip(4, error: Self.error, bench) == .skipped(recordedAt: head + 1))
            #expect(try await bench.shown()?.position == 4)
        }
    }

    /// A reaction that is run again from an earlier position leaves the event out as well.
    @Test func whatWasSkippedStaysLeftOut() async throws {
        try await Bench.with { bench in
            try await bench.ask(1...3)
            _ = try await bench.log.append(Self.poison)
            try await bench.running([Echo()]) { try await bench.waits { $0.stall == "event" } }
            _ = try await skip(4, error: Self.error, bench)
            try await bench.pool.query(
                """
                update reactions set position = 0, state = '{"answered": 0}'
                """)
            try await bench.ask(4...4)
            try await bench.running([Echo()]) { try await bench.waitsForEnd() }
            try await bench.expectAnswers(upTo: 4)
        }
    }

    /// Were the event skipped meanwhile, the log would say that it was left out, and hold what followed from it.
    @Test func anEventThatIsBeingTriedAgainIsNotSkipped() async throws {
        try await Bench.with { bench in
            try await bench.ask(1...1)
            let (tries, trying) = AsyncStream.makeStream(of: Int.self)
            let (answers, answer) = AsyncStream.makeStream(of: Void.self)
            let attempts = Tellers()
            let echo = Echo { number, _ in
                attempts.note(number)
                if attempts.numbers.count == 1 { throw Unreachable() }
                trying.yield(attempts.numbers.count)
                for await _ in answers { break }
            }
            try await bench.running([echo]) {
                for await _ in tries { break }
                let shown = try await bench.shown()
                #expect(shown?.stall == "event")
                async let outcome = skip(1, error: Unreachable().description, bench)
                while try await bench.pool.query(
                    "select from pg_locks where locktype = 'advisory' and not granted"
                ).isEmpty { await Task.yield() }
                answer.yield()
                #expect(try await outcome == .passed)
                try await bench.waitsForEnd()
            }
            try await bench.expectAnswers(upTo: 1)
        }
    }
}
