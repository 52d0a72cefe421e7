import TestSupport
import Testing

@testable import Postgres
@testable import Projector

/// What operators see of a build, stage by stage.
@Suite(.timeLimit(.minutes(5))) struct BuildStageTests {
    private struct Stage: Equatable {
        let state: String
        let position: Int64
        let percent: Double
        let throttle: Int64?
    }

    private func stages(_ harness: Harness) async throws -> [Stage] {
        let rows = try await harness.connection.query(
            "select state, position, percent, throttle from read.projections order by build")
        return try rows.map {
            Stage(
                state: try $0.text(0), position: try $0.integer(1), percent: try $0.double(2),
                throttle: try $0.optionalInteger(3))
        }
    }

    @Test func aBuildIsSeenFillingIndexingAndActive() async throws {
        try await Harness.with { harness in
            try await harness.append(40)
            let filling = try TallyProjection.definition(gateAfter: 30)
            let indexing = try TallyProjection.definition(gatedIndexes: true)
            for definition in [filling, indexing] {
                let rebuild = Rebuild(
                    definition, on: harness.target, eventsPerStep: 10, throttle: 50, logger: .silent)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    try await TallyProjection.withGate(harness.target) {
                        group.addTask { try await rebuild.run() }
                        _ = try await TallyProjection.waiter(harness.connection)
                        let stage = try #require(try await stages(harness).last)
                        let isFilling = definition.apply == filling.apply
                        #expect(
                            stage
                                == Stage(
                                    state: isFilling ? "building" : "indexing", position: isFilling ? 30 : 40,
                                    percent: isFilling ? 75 : 100, throttle: 50))
                        let row = try await harness.connection.query(
                            "select rate, seconds_left from read.projections order by build desc")[0]
                        let rate = try row.double(0)
                        let left = try row.double(1)
                        #expect(rate > 0)
                        #expect(isFilling ? left > 0 : left == 0)
                    }
                    try await group.waitForAll()
                }
                #expect(
                    try await stages(harness) == [Stage(state: "active", position: 40, percent: 100, throttle: nil)])
            }
        }
    }

    @Test func aBuildThatNobodyFillsHasNoRate() async throws {
        try await Harness.with { harness in
            try await harness.append(40)
            let filler = try await Connection.open(harness.target, logger: .silent)
            let build = try await Build.create(TallyProjection.definition(), on: filler)
            try await harness.connection.query("update projection_builds set rate = 5")
            let filled = try await harness.connection.query("select rate, seconds_left from read.projections")[0]
            #expect(try filled.double(0) == 5)
            #expect(try filled.double(1) == 8)
            try await build.unlock(on: filler)
            let left = try await harness.connection.query("select rate, seconds_left from read.projections")[0]
            #expect(left.isNull(0))
            #expect(left.isNull(1))
        }
    }

    @Test func aBuildsThrottleIsSetWhileItIsFilledAndKeptByWhoGoesOnWithIt() async throws {
        try await Harness.with { harness in
            let definition = try TallyProjection.definition()
            let none = try await Build.throttle("tally", to: 50, on: harness.connection)
            #expect(none == nil)
            let filler = try await Connection.open(harness.target, logger: .silent)
            let build = try await Build.create(definition, throttle: 30, on: filler)
            let throttled = try await Build.throttle("tally", to: 20, on: harness.connection)
            #expect(throttled == build.id)
            try await build.unlock(on: filler)
            let rebuild = Rebuild(definition, on: harness.target, logger: .silent)
            #expect(try await rebuild.lockedBuild(on: filler).id == build.id)
            #expect(try await stages(harness).map(\.throttle) == [20])
        }
    }

    @Test func aRebuildThatWasAskedForIsDoneByAProcess() async throws {
        try await Harness.with { harness in
            let definition = try TallyProjection.definition()
            try await harness.append(10)
            try await harness.withProjector([definition]) { _ in
                try await harness.waitUntilKept(under: definition)
                let first = try await harness.builds(of: "tally")[0].id
                try await harness.connection.query(
                    """
                    with request as (insert into projection_rebuilds (projection, throttle) values ('tally', 60))
                    select pg_notify('footfall_builds', 'tally')
                    """)
                while try await harness.builds(of: "tally").map(\.id) == [first] { await Task.yield() }
                try await harness.waitUntilKept(under: definition)
                let requests = try await harness.connection.query("select count(*) from projection_rebuilds")[0]
                #expect(try requests.integer(0) == 0)
                let throttle = try await harness.connection.query("select throttle from projection_builds")[0]
                #expect(try throttle.integer(0) == 60)
            }
        }
    }
}
