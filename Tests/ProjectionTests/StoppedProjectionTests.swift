import EventLog
import EventSourcing
import Foundation
import MetricsTestKit
import TestSupport
import Testing

@testable import Postgres
@testable import Projector

/// What becomes of a projection at an event that its SQL cannot take.
@Suite(.timeLimit(.minutes(5))) struct StoppedProjectionTests {
    /// Adds up a number that every event has; `number` says how it is read.
    func total(_ name: String = "total", number: String = "(data ->> 'n')::bigint") throws
        -> ProjectionDefinition
    {
        try ProjectionDefinition(
            name: name,
            tables: """
                create table \(name) (only_row boolean primary key, events bigint not null, total bigint not null);
                create table \(name)_notes (position bigint primary key, note text not null);
                """,
            apply: """
                -- Inputs: batch
                insert into \(name)_notes (position, note)
                select position, data ->> 'note' from batch where data ? 'note';
                insert into \(name) as t (only_row, events, total)
                select true, count(*), sum(\(number)) from batch where type = 'E' having count(*) > 0
                on conflict (only_row) do update
                set events = t.events + excluded.events, total = t.total + excluded.total;
                """,
            eventViews: [:])
    }

    func good(_ count: Int) -> [NewEvent] {
        (0..<count).map { _ in NewEvent(type: "E", data: ["n": 1]) }
    }

    static let text = NewEvent(type: "E", data: ["n": "many"])

    func append(_ events: [NewEvent], to harness: Harness) async throws {
        try await harness.append([Append(to: "s", events: events)])
    }

    func stop(of projection: String, _ harness: Harness) async throws -> StoppedAtEvent? {
        try await Skip.stops(of: projection, on: harness.connection).first
    }

    func waitsForStop(of projection: String, in harness: Harness) async throws -> StoppedAtEvent {
        while true {
            if let stop = try await stop(of: projection, harness) { return stop }
            try Task.checkCancellation()
            await Task.yield()
        }
    }

    func totals(_ harness: Harness, of projection: String = "total") async throws -> [Int64] {
        let row = try await harness.pool.query("select events, total from read.\(projection)")[0]
        return [try row.integer(0), try row.integer(1)]
    }

    func skip(_ stop: StoppedAtEvent, _ harness: Harness) async throws -> Skip.Outcome {
        try await Skip.record(
            NewEvent(type: "ProjectionEventSkipped", data: ["error": .string(stop.error)]),
            by: "ana", skipping: stop.position, of: stop.projection,
            on: harness.connection)
    }

    @Test(arguments: [1, 2, 3, 64, 99, 100], [Int64(1), 7, 100, .max])
    func theExactEventIsFoundAndAllBeforeItAreApplied(_ position: Int64, limit: Int64) async throws {
        try await Harness.with { harness in
            try await append(
                good(Int(position) - 1) + [Self.text] + good(100 - Int(position)), to: harness)
            let build = try await Build.create(total(), on: harness.connection)
            let error = await #expect(throws: StoppedAtEvent.self) {
                while true { _ = try await build.advance(by: limit, on: harness.connection) }
            }
            let stopped = try #require(error)
            #expect(stopped.position == position)
            #expect(stopped.type == "E")
            #expect(stopped.stream == "s")
            #expect(stopped.sqlState == "22P02")
            #expect(stopped.error == #"invalid input syntax for type bigint: "many""#)
            #expect(stopped.isNews)
            let row = try await harness.connection.query("select position from projection_checkpoints")[0]
            #expect(try row.integer(0) == position - 1)
            let rows = try await harness.rows(in: build.schema)
            #expect(rows.isEmpty == (position == 1))
            #expect(rows.allSatisfy { $0.contains("\"total\": \(position - 1)") })

            // The second time it is the same, and no news.
            let again = await #expect(throws: StoppedAtEvent.self) {
                _ = try await build.advance(by: limit, on: harness.connection)
            }
            #expect(again?.position == position)
            #expect(again?.isNews == false)
        }
    }

    @Test(arguments: [
        (NewEvent(type: "E", data: ["n": 9_223_372_036_854_775_807]), "22003"),
        (NewEvent(type: "E", data: ["n": 1, "note": nil]), "23502"),
    ])
    func whateverTheDataBreaksIsTheEventsFault(_ event: NewEvent, _ sqlState: String) async throws {
        try await Harness.with { harness in
            try await append(good(20) + [event] + good(20), to: harness)
            let build = try await Build.create(total(), on: harness.connection)
            let stopped = await #expect(throws: StoppedAtEvent.self) {
                _ = try await build.advance(by: .max, on: harness.connection)
            }
            #expect(stopped?.position == 21)
            #expect(stopped?.sqlState == sqlState)
        }
    }

    @Test func noEventIsBlamedForWhatTheServerCannotDo() async throws {
        try await Harness.with { harness in
            try await append(good(10), to: harness)
            let build = try await Build.create(total(), on: harness.connection)
            let blocker = try await Connection.open(harness.target, logger: .silent)
            defer { blocker.close() }
            try await blocker.query("begin")
            try await blocker.script("lock table \(build.schema).total")
            try await harness.connection.query("set lock_timeout = '20ms'")
            let error = await #expect(throws: PostgresError.self) {
                _ = try await build.advance(by: .max, on: harness.connection)
            }
            #expect(error?.sqlState == "55P03")
            #expect(error?.isPassing == true)
            #expect(try await stop(of: "total", harness) == nil)
            try await blocker.query("rollback")
            // Sessions of other tests may hold the lock under which notifications are sent for a moment.
            try await harness.connection.query("set lock_timeout = 0")
            let step = try await build.advance(by: .max, on: harness.connection)
            #expect(step.isAtHead)
        }
    }

    /// A full NOTIFY queue, a full disk, a database that has become read-only, and the like.
    @Test(arguments: [
        "54000", "54001", "53100", "53200", "53300", "57014", "58030", "40001", "55P03", "25006", "XX000",
    ])
    func noEventIsBlamedForTheDatabasesState(_ code: String) async throws {
        try await Harness.with { harness in
            try await append(good(10), to: harness)
            let build = try await Build.create(total(), on: harness.connection)
            try await harness.connection.script(
                """
                create function refuse() returns trigger language plpgsql as $$
                begin raise exception 'not now' using errcode = '\(code)'; end
                $$;
                create trigger refuse before insert on \(build.schema).total for each row execute function refuse()
                """)
            let error = await #expect(throws: PostgresError.self) {
                _ = try await build.advance(by: .max, on: harness.connection)
            }
            #expect(error?.sqlState == code)
            #expect(try await stop(of: "total", harness) == nil)
            try await harness.connection.script("drop trigger refuse on \(build.schema).total")
            #expect(try await build.advance(by: .max, on: harness.connection).isAtHead)
        }
    }

    /// PostgreSQL reports it as it reports a full NOTIFY queue, by 54000; it is the event's fault all the same.
    @Test func aKeyThatIsTooLongForItsIndexIsTheEventsFault() async throws {
        try await Harness.with { harness in
            let long = (0..<2000).map { String(format: "%08x", ($0 &* 2_654_435_761) & 0xFFFF_FFFF) }.joined()
            try await append(good(3) + [NewEvent(type: "E", data: ["n": 1, "note": .string(long)])], to: harness)
            let build = try await Build.create(total(), on: harness.connection)
            try await harness.connection.script("create index on \(build.schema).total_notes (note)")
            let stopped = await #expect(throws: StoppedAtEvent.self) {
                _ = try await build.advance(by: .max, on: harness.connection)
            }
            #expect(stopped?.position == 4)
            #expect(stopped?.sqlState == "54000")
        }
    }

    @Test func mendedSQLTakesOverFromAStoppedBuild() async throws {
        try await Harness.with { harness in
            try await append(good(10), to: harness)
            try await harness.withProjector([total()]) { checkpoints in
                #expect(await checkpoints.wait(for: ["total"], toReach: 10, timeout: timeout))
                try await append([Self.text] + good(5), to: harness)
                #expect(try await waitsForStop(of: "total", in: harness).position == 11)
            }
            let mended = try total(number: "coalesce(nullif(data ->> 'n', 'many')::bigint, 100)")
            try await harness.withProjector([mended]) { checkpoints in
                #expect(await checkpoints.wait(for: ["total"], toReach: 16, timeout: timeout))
                #expect(try await totals(harness) == [16, 115])
                while try await Build.all(of: "total", on: harness.connection).count > 1 { await Task.yield() }
                #expect(try await stop(of: "total", harness) == nil)
            }
        }
    }

    @Test func aRebuildStopsAtTheEventToo() async throws {
        try await Harness.with { harness in
            try await append(good(10) + [Self.text] + good(10), to: harness)
            let rebuild = try Rebuild(total(), on: harness.target, eventsPerStep: 4, logger: .silent)
            for _ in 0..<2 {
                let stopped = await #expect(throws: StoppedAtEvent.self) { try await rebuild.run() }
                #expect(stopped?.position == 11)
            }
            let stopped = try #require(try await stop(of: "total", harness))
            _ = try await skip(stopped, harness)
            try await rebuild.run()
            #expect(try await totals(harness) == [20, 20])
            #expect(try await Build.all(of: "total", on: harness.connection).map(\.id) == [stopped.build])
        }
    }

    @Test func whatIsNoEventsFaultIsSaidToo() async throws {
        try await Harness.with { harness in
            try await append(good(3), to: harness)
            try await harness.withProjector([total()]) { checkpoints in
                #expect(await checkpoints.wait(for: ["total"], toReach: 3, timeout: timeout))
                let build = try #require(try await Build.all(of: "total", on: harness.connection).first)
                try await harness.connection.script("alter table \(build.schema).total rename to elsewhere")
                try await append(good(3), to: harness)
                while true {
                    let stalls = try await harness.pool.query(
                        "select position, sql_state, error from read.projection_stalls where reason = 'error'")
                    try Task.checkCancellation()
                    guard let stall = stalls.first else { continue }
                    #expect(stall.isNull(0))
                    #expect(try stall.text(1) == "42P01")
                    #expect(try stall.text(2) == #"relation "total" does not exist"#)
                    break
                }
                #expect(try await stop(of: "total", harness) == nil)
                try await harness.connection.script("alter table \(build.schema).elsewhere rename to total")
                #expect(await checkpoints.wait(for: ["total"], toReach: 6, timeout: timeout))
                #expect(try await totals(harness) == [6, 6])
                let stalls = try await harness.pool.query("select from projection_failures")
                #expect(stalls.isEmpty)
            }
        }
    }
}
