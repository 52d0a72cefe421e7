import EventLog
import EventSourcing
import Foundation
import TestSupport
import Testing

@testable import Postgres
@testable import Projector

/// That a comparison finds every row that is not what the log makes of it, and nothing else.
@Suite(.timeLimit(.minutes(5))) struct ComparisonTests {
    private func compare(
        _ definition: ProjectionDefinition, in harness: Harness, samples: Int = 5, eventsPerStep: Int64 = 60
    ) async throws -> Comparison.Result {
        try await Comparison(
            definition, on: harness.target, maximumSamples: samples, eventsPerStep: eventsPerStep, logger: .silent
        ).run()
    }

    private func builds(_ harness: Harness) async throws -> [String] {
        try await harness.connection.query(
            """
            select projection || ' ' || state from projection_builds
            union all
            select nspname from pg_namespace where nspname like '%\\_b%' escape '\\'
            order by 1
            """
        ).map { try $0.text(0) }
    }

    @Test(arguments: Harness.names)
    func whatTheEngineMadeIsEqualAndNothingIsLeft(_ name: String) async throws {
        let definition = try Harness.definition(name)
        try await Harness.with { harness in
            var history = RandomHistory(seed: 5)
            try await harness.append(history.appends(300))
            try await Rebuild(definition, on: harness.target, eventsPerStep: 70, logger: .silent).run()
            let before = try await builds(harness)
            let result = try await compare(definition, in: harness)
            #expect(result.isEqual)
            #expect(result.isSameDefinition)
            let head = try await harness.log.head()
            #expect(result.position == head)
            let rows = result.tables.map(\.activeRows).reduce(0, +)
            #expect(rows > 0)
            #expect(result.tables.map(\.rebuiltRows).reduce(0, +) == rows)
            #expect(try await builds(harness) == before)
        }
    }

    @Test func rowsThatWereAlteredDeletedAndAddedAreFound() async throws {
        let definition = try Harness.definition("hourly_counts")
        try await Harness.with { harness in
            var history = RandomHistory(seed: 6)
            try await harness.append(history.appends(300))
            try await Rebuild(definition, on: harness.target, logger: .silent).run()
            let rows = try await harness.connection.query("select count(*) from read.hourly_counts")[0].integer(0)
            try await harness.connection.script(
                """
                update read.hourly_counts set count_in = count_in + 7
                where (camera_id, bucket_start, line, class) = (
                  select camera_id, bucket_start, line, class
                  from read.hourly_counts order by camera_id, bucket_start, line, class limit 1);
                delete from read.hourly_counts
                where (camera_id, bucket_start, line, class) in (
                  select camera_id, bucket_start, line, class
                  from read.hourly_counts order by camera_id desc, bucket_start desc, line desc, class desc limit 2);
                insert into read.hourly_counts (camera_id, line, class, bucket_start, count_in, count_out, readings)
                select 99, 'ghost', 'person', '2026-01-01Z'::timestamptz + n * interval '15 minutes', 1, 0, 1
                from generate_series(1, 3) as n
                """)
            let result = try await compare(definition, in: harness, samples: 2)
            #expect(!result.isEqual)
            let table = try #require(result.tables.first { $0.table == "hourly_counts" })
            #expect(result.tables.filter { !$0.isEqual }.map(\.table) == ["hourly_counts"])
            #expect(table.activeRows == rows + 1)
            #expect(table.rebuiltRows == rows)
            #expect([table.count(.added), table.count(.removed), table.count(.changed)] == [2, 3, 1])
            #expect(table.samples.map(\.kind) == [.added, .added, .removed, .removed, .changed])
            let changed = try #require(table.samples.last)
            let (now, rebuilt) = (try #require(changed.active), try #require(changed.rebuilt))
            #expect(now["count_in"]?.integer == (rebuilt["count_in"]?.integer ?? 0) + 7)
            #expect(now["camera_id"] == changed.key?["camera_id"])
            #expect(table.samples[0].active == nil)
            #expect(table.samples[2].rebuilt == nil)
            #expect(table.samples[2].key?["line"] == "ghost")
        }
    }

    @Test func secretsInRowsThatDifferAreMasked() async throws {
        let definition = try Harness.definition("camera_state")
        try await Harness.with { harness in
            var history = RandomHistory(seed: 8)
            try await harness.append(history.appends(100))
            try await Rebuild(definition, on: harness.target, logger: .silent).run()
            try await harness.connection.script("update read.camera_state set stream_credentials = 'forged'")
            let result = try await compare(definition, in: harness, samples: 1000)
            let samples = result.tables.flatMap(\.samples)
            #expect(!samples.isEmpty)
            #expect(samples.allSatisfy { $0.active?["stream_credentials"] == "***" })
            #expect(samples.allSatisfy { $0.rebuilt?["stream_credentials"] == .null })
        }
    }

    /// A table without a primary key, one with a type that has no equality, and one that only one definition has.
    @Test func anyTableIsCompared() async throws {
        func definition(_ tables: String, _ apply: String) throws -> ProjectionDefinition {
            try ProjectionDefinition(name: "odd", tables: tables, apply: "-- Inputs: batch\n\(apply)", eventViews: [:])
        }
        let bag = "create table bag (stream text, note json, place point);"
        let fill = "insert into bag select stream, '{}', null from batch;"
        let old = try definition(
            bag
                + "create table gone (n bigint primary key); create table kept (n bigint primary key, a text, note json)",
            fill + "insert into gone select position from batch;"
                + "insert into kept select position, 'x', '{\"a\":1}' from batch;")
        let new = try definition(
            bag + "create table come (n bigint); create table kept (n integer primary key, b text, note json)",
            fill + "insert into come select position from batch;"
                + "insert into kept select position, 'x', '{\"a\":1}' from batch;")
        try await Harness.with { harness in
            try await harness.append(
                ["a", "a", "b"].map { Append(to: StreamName($0), events: [event("E")]) })
            try await Rebuild(old, on: harness.target, logger: .silent).run()
            #expect(try await compare(old, in: harness).isEqual)

            try await harness.connection.script(
                """
                delete from read.bag where stream = 'b';
                insert into read.bag values ('a', '{}', null), ('c', '{"x": 1}', '(1,2)')
                """)
            let altered = try await compare(old, in: harness)
            let odd = try #require(altered.tables.first { $0.table == "bag" })
            #expect([odd.count(.added), odd.count(.removed), odd.count(.changed)] == [1, 2, 0])
            #expect(odd.samples.first?.rebuilt?["stream"] == "b")
            #expect(altered.tables.filter { !$0.isEqual }.map(\.table) == ["bag"])

            let changed = try await compare(new, in: harness)
            #expect(!changed.isSameDefinition)
            let tables = Dictionary(uniqueKeysWithValues: changed.tables.map { ($0.table, $0) })
            #expect(tables["gone"]?.count(.removed) == 3)
            #expect(tables["gone"]?.columnsRemoved == ["n"])
            #expect(tables["come"]?.count(.added) == 3)
            #expect(tables["come"]?.samples.first?.rebuilt?["n"] == 1)
            #expect(tables["kept"]?.columnsAdded == ["b"])
            #expect(tables["kept"]?.columnsRemoved == ["a"])
            #expect(tables["kept"]?.count(.changed) == 0)
        }
    }

    @Test(arguments: Harness.names)
    func bothAreReadAtTheSamePositionWhileTheActiveBuildMovesOn(_ name: String) async throws {
        let definition = try Harness.definition(name)
        try await Harness.with { harness in
            var history = RandomHistory(seed: 9)
            try await harness.append(history.appends(200))
            let later = try (0..<60).map { _ in try history.appends(10) }
            try await harness.withProjector([definition]) { checkpoints in
                #expect(await checkpoints.wait(for: [name], toReach: 200, timeout: timeout))
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { for appends in later { try await harness.append(appends) } }
                    var position: Int64 = 0
                    for _ in 0..<4 {
                        let result = try await compare(definition, in: harness, eventsPerStep: 37)
                        #expect(result.isEqual)
                        #expect(result.position >= position)
                        position = result.position
                    }
                    try await group.waitForAll()
                }
            }
        }
    }

    @Test func aDryRunOfAnArchivedLogIsEqual() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "footfall-archive-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }  // a folder of temporary files may stay
        try await Harness.with { harness in
            try await makeSmallSegments(10, partition: 50, on: harness.connection)
            var history = RandomHistory(seed: 12)
            try await harness.append(history.appends(230))
            for name in Harness.names {
                try await Rebuild(Harness.definition(name), on: harness.target, logger: .silent).run()
            }
            try await Sealer(on: harness.target, logger: .silent).sealAll()
            try await Archiver(on: harness.target, logger: .silent).archive(
                before: .position(201), to: folder, level: 3)
            for name in Harness.names {
                let result = try await compare(try Harness.definition(name), in: harness)
                #expect(result.isEqual, "\(name)")
                #expect(result.position >= 230)
            }
        }
    }

    @Test func aScratchBuildThatIsLeftOverIsDroppedByTheNextRun() async throws {
        let definition = try Harness.definition("hourly_counts")
        try await Harness.with { harness in
            var history = RandomHistory(seed: 5)
            try await harness.append(history.appends(50))
            try await Rebuild(definition, on: harness.target, logger: .silent).run()
            let clean = try await builds(harness)
            let killed = try await Connection.open(harness.target, logger: .silent)
            let scratch = try await Build.create(definition, as: .scratch, on: killed)
            _ = try await scratch.advance(by: 20, on: killed)
            // Its session lives: the run may go on.
            #expect(try await compare(definition, in: harness).isEqual)
            #expect(try await builds(harness) == (clean + ["hourly_counts scratch", scratch.schema]).sorted())
            killed.close()
            // The server may take a moment to notice.
            while try await builds(harness) != clean {
                try Task.checkCancellation()
                #expect(try await compare(definition, in: harness).isEqual)
            }
        }
    }

    /// The comparison stands still in a statement until its task is cancelled.
    @Test func aCancelledRunLeavesNothing() async throws {
        let slow = try ProjectionDefinition(
            name: "slow", tables: "create table slow (n bigint primary key)",
            apply: """
                -- Inputs: batch
                perform pg_advisory_xact_lock(77);
                insert into slow select position from batch;
                """, eventViews: [:])
        try await Harness.with { harness in
            try await harness.append([Append(to: "s", events: [event("E")])])
            try await Rebuild(slow, on: harness.target, logger: .silent).run()
            let before = try await builds(harness)
            try await harness.connection.query("select pg_advisory_lock(77)")
            let run = Task { try await compare(slow, in: harness) }
            while try await harness.pool.query("select from pg_locks where locktype = 'advisory' and not granted")
                .isEmpty
            {
                try Task.checkCancellation()
            }
            run.cancel()
            await #expect(throws: CancellationError.self) { _ = try await run.value }
            let after = try await builds(harness)
            #expect(after == before)
        }
    }

    @Test func whatWasNeverBuiltIsNotCompared() async throws {
        let definition = try Harness.definition("hourly_counts")
        try await Harness.with { harness in
            _ = await #expect(throws: Comparison.Failure.noActiveBuild(projection: "hourly_counts")) {
                _ = try await compare(definition, in: harness)
            }
        }
    }
}
