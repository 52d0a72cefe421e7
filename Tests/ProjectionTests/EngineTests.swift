import EventSourcing
import Foundation
import Installation
import TestSupport
import Testing

@testable import Postgres
@testable import Projector

/// Builds, swaps and checkpoints, on a small projection of its own.
@Suite(.timeLimit(.minutes(5))) struct EngineTests {
    /// Counts events, and adds up what its definition says that each is worth.
    private func tally(worth: Int = 1) throws -> ProjectionDefinition {
        try ProjectionDefinition(
            name: "tally",
            tables: "create table tally (only_row boolean primary key, events bigint not null, worth bigint not null)",
            apply: """
                -- Inputs: batch
                insert into tally as t (only_row, events, worth)
                select true, count(*), count(*) * \(worth) from batch
                on conflict (only_row) do update
                set events = t.events + excluded.events, worth = t.worth + excluded.worth;
                """,
            indexes: "create index tally_worth on tally (worth)",
            eventViews: [:])
    }

    private func append(_ count: Int, to harness: Harness) async throws {
        try await harness.append((0..<count).map { _ in Append(to: "s", events: [event("E")]) })
    }

    private func tallied(_ harness: Harness) async throws -> [Int64] {
        let row = try await harness.pool.query("select events, worth from read.tally")[0]
        return [try row.integer(0), try row.integer(1)]
    }

    @Test func whatIsAppendedShowsInTheReadModel() async throws {
        try await Harness.with { harness in
            try await append(10, to: harness)
            try await harness.withProjector([tally()]) { checkpoints in
                #expect(await checkpoints.wait(for: ["tally"], toReach: 10, timeout: timeout))
                try await append(5, to: harness)
                #expect(await checkpoints.wait(for: ["tally"], toReach: 15, timeout: timeout))
                #expect(try await tallied(harness) == [15, 15])
            }
        }
    }

    @Test func aRangeWithoutEventsOfItsOwnIsPassedUnread() async throws {
        let definition = try ProjectionDefinition(
            name: "steps", tables: "create table steps (upto bigint not null, events bigint not null)",
            apply: """
                -- Inputs: e_recorded
                insert into steps (upto, events)
                select current_setting('footfall.upto')::bigint, count(*) from e_recorded;
                """,
            eventViews: [
                "e_recorded": EventView(name: "e_recorded", text: "-- Event: ERecorded 1\nselect position from batch")
            ])
        try await Harness.with { harness in
            try await harness.withProjector([definition]) { checkpoints in
                for (position, type) in zip(Int64(1)..., ["Other", "ERecorded", "Other"]) {
                    try await harness.append([Append(to: "s", events: [event(type)])])
                    #expect(await checkpoints.wait(for: ["steps"], toReach: position, timeout: timeout))
                }
                let steps = try await harness.pool.query("select upto, events from read.steps")
                #expect(try steps.map { [try $0.integer(0), try $0.integer(1)] } == [[2, 1]])
            }
        }
    }

    @Test func everyReadModelPassesRangesWithoutEventsOfItsOwn() throws {
        let definitions = try ProjectionDefinition.load(from: ReleaseFiles.locate().projections)
        #expect(definitions.count > 3)
        for definition in definitions {
            #expect(
                definition.applyFunction.contains("if not exists (select from batch where type in"),
                "\(definition.name)")
        }
    }

    @Test func twoProcessesApplyEachEventOnce() async throws {
        try await Harness.with { harness in
            try await harness.withProjector([tally()]) { checkpoints in
                try await harness.withProjector([tally()]) { _ in
                    for _ in 0..<20 { try await append(3, to: harness) }
                    #expect(await checkpoints.wait(for: ["tally"], toReach: 60, timeout: timeout))
                    #expect(try await tallied(harness) == [60, 60])
                }
            }
        }
    }

    @Test func waitingForAPositionNotYetWrittenEndsAtItsLimit() async throws {
        try await Harness.with { harness in
            try await harness.withProjector([tally()]) { checkpoints in
                #expect(await !checkpoints.wait(for: ["tally"], toReach: 1, timeout: .milliseconds(50)))
            }
        }
    }

    @Test func aChangedDefinitionIsBuiltAndSwappedIn() async throws {
        try await Harness.with { harness in
            try await append(10, to: harness)
            try await Rebuild(tally(), on: harness.target, logger: .silent).run()
            #expect(try await tallied(harness) == [10, 10])
            try await harness.withProjector([tally(worth: 3)]) { _ in
                while try await tallied(harness) != [10, 30] { await Task.yield() }
            }
        }
    }

    @Test func readersSeeAWholeReadModelThroughoutRebuilds() async throws {
        try await Harness.with { harness in
            try await append(300, to: harness)
            let rebuild = try Rebuild(tally(), on: harness.target, eventsPerStep: 50, logger: .silent)
            try await rebuild.run()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<3 {
                    group.addTask {
                        while !Task.isCancelled {
                            let seen = try await tallied(harness)
                            #expect(seen == [300, 300])
                        }
                    }
                }
                for _ in 0..<5 { try await rebuild.run() }
                group.cancelAll()
                try await group.waitForAll()
            }
            let builds = try await Build.all(of: "tally", on: harness.connection)
            #expect(builds.map(\.state) == [.active])
        }
    }

    @Test func anUnfinishedBuildIsGoneOnWith() async throws {
        try await Harness.with { harness in
            try await append(20, to: harness)
            let filler = try await Connection.open(harness.target, logger: .silent)
            let unfinished = try await Build.create(tally(), on: filler)
            _ = try await unfinished.advance(by: 7, on: filler)

            let rebuild = try Rebuild(tally(), on: harness.target, logger: .silent)
            await #expect(throws: Rebuild.Failure.underWay(projection: "tally", build: unfinished.id, position: 7)) {
                try await rebuild.run()
            }
            // The session that filled it is killed; the server gives up its lock when it notices.
            let pid = try await filler.query("select pg_backend_pid()")[0].integer(0)
            try await harness.connection.query("select pg_terminate_backend($1::int, 60000)", [.integer(pid)])

            try await rebuild.run()
            let builds = try await Build.all(of: "tally", on: harness.connection)
            #expect(builds.map(\.id) == [unfinished.id])
            #expect(builds.map(\.state) == [.active])
            #expect(try await tallied(harness) == [20, 20])
        }
    }

    @Test func aLogThatWentBackIsRefused() async throws {
        try await Harness.with { harness in
            try await append(5, to: harness)
            let build = try await Build.create(tally(), on: harness.connection)
            _ = try await build.advance(by: 100, on: harness.connection)
            try await harness.connection.query("update log_head set position = 3")
            let error = await #expect(throws: PostgresError.self) {
                _ = try await build.advance(by: 100, on: harness.connection)
            }
            #expect("\(error as Any)".contains("the log ends at position 3"))
            #expect("\(error as Any)".contains("Rebuild the projection"))
        }
    }

    @Test func aRebuildTakesThePlaceOfABuildThatIsBeyondTheLogsEnd() async throws {
        try await Harness.with { harness in
            try await append(5, to: harness)
            try await Rebuild(tally(), on: harness.target, logger: .silent).run()
            try await harness.connection.query("update log_head set position = 3")
            try await Rebuild(tally(), on: harness.target, logger: .silent).run()
            #expect(try await tallied(harness) == [3, 3])
            let builds = try await Build.all(of: "tally", on: harness.connection)
            #expect(builds.map(\.position) == [3])
        }
    }

    @Test func whyABuildCannotBeFinishedIsShown() async throws {
        try await Harness.with { harness in
            try await append(5, to: harness)
            let broken = try ProjectionDefinition(
                name: "tally", tables: tally().tables, apply: tally().apply,
                indexes: "create index tally_worth on tally (no_such_column)", eventViews: [:])
            await #expect(throws: PostgresError.self) {
                try await Rebuild(broken, on: harness.target, logger: .silent).run()
            }
            let stalls = try await harness.pool.query("select reason, error from read.projection_stalls")
            let stall = try #require(stalls.first)
            let (reason, error) = (try stall.text(0), try stall.text(1))
            #expect(reason == "error")
            #expect(error.contains("no_such_column"))
        }
    }

    @Test(arguments: ["", "Tally", "1st", "tally-2", "tally; drop table events", String(repeating: "a", count: 41)])
    func aProjectionsNameMustBeAnIdentifier(_ name: String) {
        #expect(throws: ProjectionDefinition.Invalid.badName(name)) {
            try ProjectionDefinition(name: name, tables: "", apply: "", eventViews: [:])
        }
    }
}
