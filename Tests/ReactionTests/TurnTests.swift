import EventSourcing
import ReactingProcess
import Synchronization
import TestSupport
import Testing

@testable import Postgres
@testable import Projector
@testable import Reactions

/// Several processes on one database; here each has a listener of its own. And what runs no reaction.
@Suite(.timeLimit(.minutes(5))) struct TurnTests {
    private static func holder(_ bench: Bench) async throws -> Int64? {
        try await bench.pool.query(
            """
            select pid from pg_locks
            where locktype = 'advisory' and granted and classid = $1::oid
              and database = (select oid from pg_database where datname = current_database())
            """, [.lock(LockSpace.reactions)]
        ).first?.integer(0)
    }

    @Test func oneProcessRunsAReactionAndAnotherTakesOver() async throws {
        try await Bench.with { bench in
            let (first, second) = (Tellers(), Tellers())
            try await bench.running([second.echo(start: .after(0))]) {
                try await bench.waits { _ in true }
                while try await Self.holder(bench) == nil { await Task.yield() }
                // The other process waits its turn.
                try await bench.running([first.echo(start: .after(0))]) {
                    try await bench.ask(1...50)
                    try await bench.waitsForEnd()
                    #expect(second.numbers == Array(1...50))
                    #expect(first.numbers == [])
                    // Anyone who is first takes it, and each event is still answered once.
                    let holder = try await Self.holder(bench)
                    try await bench.endSession()
                    while try await Self.holder(bench) == holder { await Task.yield() }
                    try await bench.ask(51...100)
                    try await bench.waitsForEnd()
                }
                try await bench.ask(101...120)
                try await bench.waitsForEnd()
            }
            try await bench.expectAnswers(upTo: 120)
            #expect((first.numbers + second.numbers).sorted() == Array(1...120))
            // The server notices that a session has ended a moment after its client does.
            while try await Self.holder(bench) != nil { await Task.yield() }
        }
    }

    @Test func theServerEndsASessionThatNoLongerSpeaks() async throws {
        try await Bench.with { bench in
            // A process that hangs: its listener never signals again after the first time.
            let silent = Listener(bench.target, channels: [], pollInterval: .seconds(3600), logger: .silent)
            let hung = Reactions([Echo()], log: bench.log, on: bench.target, listener: silent, logger: .silent)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await hung.run() }
                while try await Self.holder(bench) == nil { await Task.yield() }
                let holder = try await Self.holder(bench)
                try await bench.running([Echo()]) {
                    while try await Self.holder(bench) == holder { await Task.yield() }
                    try await bench.ask(1...5)
                    try await bench.waitsForEnd()
                }
                group.cancelAll()
            }
            try await bench.expectAnswers(upTo: 5)
        }
    }

    @Test func aRebuildRunsNoReaction() async throws {
        try await Bench.with { bench in
            let tellers = Tellers()
            try await bench.ask(1...10)
            let counter = try ProjectionDefinition(
                name: "counter", tables: "create table counter (only_row boolean primary key, events bigint not null)",
                apply: """
                    -- Inputs: batch
                    insert into counter as t (only_row, events) select true, count(*) from batch
                    on conflict (only_row) do update set events = t.events + excluded.events;
                    """, eventViews: [:])
            try await bench.running([tellers.echo(start: .after(0))]) {
                try await bench.waitsForEnd()
                let before = try await bench.shown()
                for _ in 0..<2 { try await Rebuild(counter, on: bench.target, logger: .silent).run() }
                #expect(try await bench.shown() == before)
                #expect(try await bench.pool.query("select events from read.counter")[0].integer(0) == 40)
            }
            #expect(tellers.numbers == Array(1...10))
            try await bench.expectAnswers(upTo: 10)
        }
    }

    @Test func whatStartsInThePresentLeavesThePastAlone() async throws {
        try await Bench.with { bench in
            let (present, later) = (Tellers(), Tellers())
            try await bench.ask(1...10)
            let reactions: [any Reaction] = [
                present.echo("present", start: .present), later.echo("later", start: .after(4)),
            ]
            try await bench.running(reactions) {
                try await bench.waitsForEnd(of: "present")
                try await bench.waitsForEnd(of: "later")
            }
            #expect(present.numbers == [])
            #expect(later.numbers == Array(5...10))
            // What comes while no process runs it is not left out.
            try await bench.ask(11...12)
            try await bench.running(reactions) {
                try await bench.waitsForEnd(of: "present")
                try await bench.waitsForEnd(of: "later")
            }
            #expect(present.numbers == [11, 12])
            #expect(later.numbers == Array(5...12))
        }
    }
}

/// What the echo of one process has said.
final class Tellers: Sendable {
    private let told = Mutex<[Int64]>([])

    var numbers: [Int64] { told.withLock(\.self) }

    func note(_ number: Int64) { told.withLock { $0.append(number) } }

    func echo(_ name: String = "echo", start: ReactionStart) -> Echo {
        Echo(name: .init(stored: name), start: start) { number, _ in self.note(number) }
    }
}
