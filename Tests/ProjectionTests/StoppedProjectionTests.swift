import EventLog
import EventSourcing
import Foundation
import MetricsTestKit
import Postgres
import TestSupport
import Testing

@testable import Projector

/// What becomes of a projection at an event that its SQL cannot take.
@Suite(.timeLimit(.minutes(5))) struct StoppedProjectionTests {
    /// Adds up a number that every event has; `number` says how it is read.
    private func total(_ name: String = "total", number: String = "(data ->> 'n')::bigint") throws
        -> ProjectionDefinition
    {
        try ProjectionDefinition(
            name: name,
            tables: """
                create table \(name) (only_row boolean primary key, events bigint not null, total bigint not null);
                create table \(name)_notes (position bigint primary key, note text not null);
                """,
            apply: """
                insert into \(name)_notes (position, note)
                select position, data ->> 'note' from batch where data ? 'note';
                insert into \(name) as t (only_row, events, total)
                select true, count(*), sum(\(number)) from batch where type = 'E' having count(*) > 0
                on conflict (only_row) do update
                set events = t.events + excluded.events, total = t.total + excluded.total;
                """,
            eventViews: [:])
    }

    private func good(_ count: Int) -> [NewEvent] {
        (0..<count).map { _ in NewEvent(type: "E", data: ["n": 1]) }
    }

    private static let text = NewEvent(type: "E", data: ["n": "many"])

    private func append(_ events: [NewEvent], to harness: Harness) async throws {
        try await harness.append([Append(to: "s", events: events)])
    }

    private func stop(of projection: String, _ harness: Harness) async throws -> StoppedAtEvent? {
        try await Skip.stops(of: projection, on: harness.connection).first
    }

    private func waitsForStop(of projection: String, in harness: Harness) async throws -> StoppedAtEvent {
        while true {
            if let stop = try await stop(of: projection, harness) { return stop }
            try Task.checkCancellation()
            await Task.yield()
        }
    }

    private func totals(_ harness: Harness, of projection: String = "total") async throws -> [Int64] {
        let row = try await harness.pool.query("select events, total from read.\(projection)")[0]
        return [try row.integer(0), try row.integer(1)]
    }

    private func skip(_ stop: StoppedAtEvent, _ harness: Harness) async throws -> Skip.Outcome {
        try await Skip.record(
            NewEvent(type: "ProjectionEventSkipped", data: ["error": .string(stop.error)]),
            metadata: EventMetadata(actor: "ana"), skipping: stop.position, of: stop.projection,
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
            #expect(error?.isFaultOfEnvironment == true)
            #expect(try await stop(of: "total", harness) == nil)
            try await blocker.query("rollback")
            // Sessions of other tests may hold the lock under which notifications are sent for a moment.
            try await harness.connection.query("set lock_timeout = 0")
            let step = try await build.advance(by: .max, on: harness.connection)
            #expect(step.isAtHead)
        }
    }

    @Test func onlyTheProjectionStopsAndGoesOnWhenTheEventIsSkipped() async throws {
        try await Harness.with { harness in
            try await append(good(10) + [Self.text] + good(10), to: harness)
            let lenient = try total("lenient", number: "1")
            let metrics = TestMetrics()
            @Sendable func gauges() -> [Double?] {
                ["building", "active"].map { state in
                    let labels = [("projection", "total"), ("state", state)]
                    // It is there once it has been recorded.
                    return (try? metrics.expectGauge("footfall_projection_stopped", labels))?.lastValue
                }
            }
            try await harness.withProjector([total(), lenient], metrics: metrics) { checkpoints in
                // Its first build stops before it was ever active.
                let stopped = try await waitsForStop(of: "total", in: harness)
                #expect(stopped.position == 11)
                #expect(await checkpoints.wait(for: ["lenient"], toReach: 21, limit: patience))

                #expect(try await skip(stopped, harness) == .skipped(recordedAt: 22))
                #expect(await checkpoints.wait(for: ["total"], toReach: 22, limit: patience))
                #expect(try await totals(harness) == [20, 20])
                #expect(try await stop(of: "total", harness) == nil)

                // The same again while it is active.
                try await append(good(1) + [Self.text] + good(1), to: harness)
                let again = try await waitsForStop(of: "total", in: harness)
                #expect(again.position == 24)
                #expect(try await totals(harness) == [21, 21])
                while gauges() != [0, 1] { await Task.yield() }
                #expect(try await skip(again, harness) == .skipped(recordedAt: 26))
                #expect(await checkpoints.wait(for: ["total"], toReach: 26, limit: patience))
                #expect(try await totals(harness) == [22, 22])
                while gauges() != [0, 0] { await Task.yield() }
            }
            let event = try #require(try await harness.log.readAll("projection-total").first)
            #expect(event.type == "ProjectionEventSkipped")
            #expect(try JSON.parse(event.metadata)["actor"] == "ana")
        }
    }

    /// However the events are split, and however the SQL has changed since.
    @Test func everyLaterBuildLeavesOutWhatWasSkipped() async throws {
        try await Harness.with { harness in
            try await append([Self.text] + good(5) + [Self.text, Self.text] + good(5) + [Self.text], to: harness)
            let build = try await Build.create(total(), on: harness.connection)
            var skipped: [Int64] = []
            while true {
                do {
                    if try await build.advance(by: 4, on: harness.connection).isAtHead { break }
                } catch let stopped as StoppedAtEvent {
                    skipped.append(stopped.position)
                    guard case .skipped = try await skip(stopped, harness) else {
                        Issue.record("\(stopped) was not skipped")
                        break
                    }
                }
            }
            #expect(skipped == [1, 7, 8, 14])
            try await build.drop(on: harness.connection)
            for definition in [try total(), try total(number: "coalesce(nullif(data ->> 'n', 'many')::bigint, 100)")] {
                for steps in [[.max], [1], [3], [2, 5, 1]] as [[Int64]] {
                    let rows = try await harness.rows(of: definition, steps: steps)
                    #expect(rows == [#"total {"total": 10, "events": 10, "only_row": true}"#], "in steps of \(steps)")
                }
            }
        }
    }

    @Test func onlyTheEventAtWhichItStoppedIsSkipped() async throws {
        try await Harness.with { harness in
            try await append(good(3) + [Self.text] + good(3), to: harness)
            let build = try await Build.create(total(), on: harness.connection)
            let error = await #expect(throws: StoppedAtEvent.self) {
                _ = try await build.advance(by: .max, on: harness.connection)
            }
            let stopped = try #require(error)
            func skip(_ position: Int64) async throws -> Skip.Outcome {
                try await Skip.record(
                    NewEvent(type: "ProjectionEventSkipped", data: ["error": .string(stopped.error)]),
                    metadata: EventMetadata(), skipping: position, of: "total", on: harness.connection)
            }
            #expect(try await skip(5) == .notStopped)
            #expect(try await skip(3) == .applied(build: build.id))
            #expect(try await harness.log.head() == 7)
            #expect(try await skip(4) == .skipped(recordedAt: 8))
            #expect(try await skip(4) == .skippedBefore(recordedAt: 8))
            #expect(try await harness.log.head() == 8)
        }
    }

    /// Were it skipped, the build that took the event would differ from a rebuild.
    @Test func anEventThatAnotherBuildTookIsNotSkipped() async throws {
        try await Harness.with { harness in
            try await append(good(3) + [Self.text], to: harness)
            let active = try await Build.create(total(), on: harness.connection)
            let error = await #expect(throws: StoppedAtEvent.self) {
                _ = try await active.advance(by: .max, on: harness.connection)
            }
            let stopped = try #require(error)
            try await harness.connection.query("update projection_builds set state = 'active'")
            let mended = try await Build.create(total(number: "1"), on: harness.connection)
            _ = try await mended.advance(by: .max, on: harness.connection)
            #expect(try await skip(stopped, harness) == .applied(build: mended.id))
        }
    }

    @Test func mendedSQLTakesOverFromAStoppedBuild() async throws {
        try await Harness.with { harness in
            try await append(good(10), to: harness)
            try await harness.withProjector([total()]) { checkpoints in
                #expect(await checkpoints.wait(for: ["total"], toReach: 10, limit: patience))
                try await append([Self.text] + good(5), to: harness)
                #expect(try await waitsForStop(of: "total", in: harness).position == 11)
            }
            let mended = try total(number: "coalesce(nullif(data ->> 'n', 'many')::bigint, 100)")
            try await harness.withProjector([mended]) { checkpoints in
                #expect(await checkpoints.wait(for: ["total"], toReach: 16, limit: patience))
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

    @Test func archivedEventsAreFoundAndSkippedAlike() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "footfall-archive-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }  // it may never have been made
        try await Harness.with { harness in
            try await makeSmallSegments(10, partition: 50, on: harness.connection)
            try await append(good(16) + [Self.text] + good(43), to: harness)
            try await Sealer(on: harness.target, logger: .silent).sealAll()
            try await Archiver(on: harness.target, logger: .silent).archive(
                before: .position(51), to: folder, level: 3)
            let build = try await Build.create(total(), on: harness.connection)
            let error = await #expect(throws: StoppedAtEvent.self) {
                _ = try await build.advance(by: .max, on: harness.connection)
            }
            let stopped = try #require(error)
            #expect(stopped.position == 17)
            #expect(stopped.type == "E")
            #expect(try await skip(stopped, harness) == .skipped(recordedAt: 61))
            for steps in [[.max], [1], [7]] as [[Int64]] {
                try await harness.connection.query("delete from projection_builds")
                try await harness.connection.script("drop schema if exists \(build.schema) cascade")
                let rows = try await harness.rows(of: total(), steps: steps)
                #expect(rows == [#"total {"total": 59, "events": 59, "only_row": true}"#], "in steps of \(steps)")
            }
            let left = try await harness.connection.query("select count(*) from archived_events")[0].integer(0)
            #expect(left == 0)
        }
    }

    @Test func whatIsNoEventsFaultIsSaidToo() async throws {
        try await Harness.with { harness in
            try await append(good(3), to: harness)
            try await harness.withProjector([total()]) { checkpoints in
                #expect(await checkpoints.wait(for: ["total"], toReach: 3, limit: patience))
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
                #expect(await checkpoints.wait(for: ["total"], toReach: 6, limit: patience))
                #expect(try await totals(harness) == [6, 6])
                let stalls = try await harness.pool.query("select from projection_failures")
                #expect(stalls.isEmpty)
            }
        }
    }
}
