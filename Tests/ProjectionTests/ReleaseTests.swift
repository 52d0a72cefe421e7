import EventSourcing
import Metrics
import TestSupport
import Testing

@testable import Postgres
@testable import Projector

/// Releases with different definitions of a projection, one after another and side by side.
@Suite(.timeLimit(.minutes(5))) struct ReleaseTests {
    private let old: ProjectionDefinition
    private let new: ProjectionDefinition

    init() throws {
        old = try TallyProjection.definition(worth: 1)
        new = try TallyProjection.definition(worth: 3)
    }

    @Test func theHashCoversWhatTheDefinitionUses() async throws {
        try await Harness.with { harness in
            func hash(_ views: [String: String], apply: String = "select 'a  b' from seen") async throws -> String {
                let views = try views.map { try EventView(name: $0, text: $1) }
                return try await Build.hash(
                    of: ProjectionDefinition(
                        name: "p", tables: "", apply: "-- Inputs: seen\n\(apply)",
                        eventViews: Dictionary(uniqueKeysWithValues: views.map { ($0.name, $0) })),
                    on: harness.connection)
            }
            let seen = ["seen": "-- Event: Seen 1\nselect 1 from batch"]
            let base = try await hash(seen)
            #expect(try await hash(seen.merging(["other": "-- Event: Other 1\nselect 1 from batch"]) { $1 }) == base)
            #expect(try await hash(["seen": "-- Event: Seen 1\n-- As it is.\nselect 1\nfrom batch"]) == base)
            #expect(try await hash(seen, apply: "select /* both */ 'a  b'\n    from seen -- all") == base)
            #expect(try await hash(["seen": "-- Event: Seen 1\nselect 2 from batch"]) != base)
            #expect(try await hash(["seen": "-- Event: Seen 1, 2\nselect 1 from batch"]) != base)
            #expect(try await hash(seen, apply: "select 'a b' from seen") != base)
        }
    }

    @Test func deployingAndRollingBackRebuildWhileAppendsGoOn() async throws {
        try await Harness.with { harness in
            try await harness.append(100)
            try await harness.withProjector([old]) { _ in try await harness.waitUntilKept(under: old) }
            for release in [new, old, new] {
                try await harness.withProjector([release]) { checkpoints in
                    async let appending: Void = { for _ in 0..<20 { try await harness.append(7) } }()
                    try await harness.waitUntilKept(under: release)
                    try await appending
                    let head = try await harness.log.head()
                    #expect(await checkpoints.wait(for: ["tally"], toReach: head, timeout: timeout))
                    let worth: Int64 = release.apply == new.apply ? 3 : 1
                    let shown = try await TallyProjection.shown(harness.connection)
                    #expect(shown == [head, head * worth])
                }
            }
        }
    }

    @Test func theActiveBuildIsFedByItsOwnSQLUntilTheSwap() async throws {
        try await Harness.with { harness in
            let new = try TallyProjection.definition(worth: 3, gateAfter: 0)
            try await harness.append(10)
            try await Rebuild(old, on: harness.target, logger: .silent).run()
            let gate = try await TallyProjection.closeGate(harness.target)
            defer { gate.close() }
            try await harness.withProjector([new]) { checkpoints in
                _ = try await TallyProjection.waiter(harness.connection)
                try await harness.append(5)
                #expect(await checkpoints.wait(for: ["tally"], toReach: 15, timeout: timeout))
                let before = try await TallyProjection.shown(harness.connection)
                #expect(before == [15, 15])
                gate.close()
                try await harness.waitUntilKept(under: new)
                #expect(await checkpoints.wait(for: ["tally"], toReach: 15, timeout: timeout))
                let after = try await TallyProjection.shown(harness.connection)
                #expect(after == [15, 45])
            }
        }
    }

    @Test func aNewReleaseTakesOverWhileTheOldOneRunsAndNeitherTakesItBack() async throws {
        try await Harness.with { harness in
            try await harness.append(10)
            try await harness.withProjector([old]) { _ in
                try await harness.waitUntilKept(under: old)
                try await harness.withProjector([new]) { _ in
                    try await harness.waitUntilKept(under: new)
                    let builds = try await harness.builds(of: "tally").map(\.id)
                    // Further processes of the old release, as when one of them is restarted.
                    try await harness.withProjector([old]) { checkpoints in
                        let other = try await DefinitionChoice(old, on: harness.connection)
                        let outcome = try await other.make(takingOver: true)
                        #expect(!outcome.isOurs)
                        for count in 1...5 {
                            try await harness.append(10)
                            let position = Int64(10 + 10 * count)
                            #expect(await checkpoints.wait(for: ["tally"], toReach: position, timeout: timeout))
                        }
                    }
                    let later = try await harness.builds(of: "tally").map(\.id)
                    #expect(later == builds)
                }
            }
        }
    }

    @Test func theToolOfAReleaseThatIsYetToComeIsRefusedToo() async throws {
        try await Harness.with { harness in
            try await harness.append(10)
            try await harness.withProjector([old]) { _ in
                try await harness.waitUntilKept(under: old)
                await #expect(throws: Rebuild.Failure.self) {
                    try await Rebuild(new, on: harness.target, logger: .silent).run()
                }
                let kept = try await harness.builds(of: "tally").map(\.definition)
                #expect(kept == [try await Build.hash(of: old, on: harness.connection)])
            }
        }
    }

    @Test func aRunningOlderReleaseTakesOverWhenTheNewerIsGone() async throws {
        try await Harness.with { harness in
            try await Rebuild(old, on: harness.target, logger: .silent).run()
            try await Rebuild(new, on: harness.target, logger: .silent).run()
            let older = try await DefinitionChoice(old, on: harness.connection)
            let newer = try await Connection.open(harness.target, logger: .silent)
            _ = try await DefinitionChoice(new, on: newer)

            let beside = try await older.make(takingOver: true)
            #expect(!beside.isOurs && !beside.isOrphaned)
            let pid = try await newer.query("select pg_backend_pid()")[0].integer(0)
            try await harness.connection.query("select pg_terminate_backend($1::int, 60000)", [.integer(pid)])
            let patient = try await older.make(takingOver: false)
            #expect(!patient.isOurs && patient.isOrphaned)
            let alone = try await older.make(takingOver: true)
            #expect(alone.isOurs)
        }
    }

    @Test func aServerOfTheOlderReleaseBuildsItsOwnAgainWhenTheNewerIsGone() async throws {
        try await Harness.with { harness in
            try await harness.append(10)
            try await Rebuild(old, on: harness.target, logger: .silent).run()
            let newer = try await Connection.open(harness.target, logger: .silent)
            _ = try await DefinitionChoice(new, on: newer)
            try await Rebuild(new, on: harness.target, logger: .silent).run()
            let listener = Listener(
                harness.target, channels: Projector.channels, pollInterval: .milliseconds(50), logger: .silent)
            let keeper = BuildKeeper(
                definition: old, target: harness.target, listener: listener,
                stops: Stops(
                    on: harness.target, listener: listener, metrics: MetricsSystem.factory, logger: .silent),
                orphanTimeout: .milliseconds(1), logger: .silent)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await listener.run() }
                group.addTask { await keeper.run() }
                let shown = try await TallyProjection.shown(harness.connection)
                #expect(shown == [10, 30])
                newer.close()
                try await harness.waitUntilKept(under: old)
                group.cancelAll()
            }
            let shown = try await TallyProjection.shown(harness.connection)
            #expect(shown == [10, 10])
        }
    }

    @Test func anUnfinishedBuildOfTheOtherReleaseIsGivenUp() async throws {
        try await Harness.with { harness in
            let new = try TallyProjection.definition(worth: 3, gateAfter: 0)
            try await harness.append(10)
            try await Rebuild(old, on: harness.target, logger: .silent).run()
            try await TallyProjection.withGate(harness.target) {
                let building = Task { try await Rebuild(new, on: harness.target, logger: .silent).run() }
                let pid = try await TallyProjection.waiter(harness.connection)
                // The operator goes back to the old release: the new one's build is in its way, its process gone.
                try await harness.connection.query("select pg_terminate_backend($1::int, 60000)", [.integer(pid)])
                await #expect(throws: PostgresError.self) { try await building.value }
                #expect(try await harness.builds(of: "tally").map(\.state) == [.active, .building])
                try await harness.withProjector([old]) { _ in try await harness.waitUntilKept(under: old) }
            }
            #expect(try await harness.builds(of: "tally").map(\.id) == [1])
        }
    }

    @Test func whoFillsABuildThatIsGivenUpIsTold() async throws {
        try await Harness.with { harness in
            let third = try TallyProjection.definition(worth: 9)
            let gated = try TallyProjection.definition(worth: 3, gateAfter: 5)
            try await harness.append(10)
            try await Rebuild(old, on: harness.target, logger: .silent).run()
            try await withThrowingTaskGroup(of: Void.self) { group in
                try await TallyProjection.withGate(harness.target) {
                    group.addTask {
                        try await Rebuild(gated, on: harness.target, eventsPerStep: 5, logger: .silent).run()
                    }
                    _ = try await TallyProjection.waiter(harness.connection)
                    let choice = try await DefinitionChoice(third, on: harness.connection)
                    let outcome = try await choice.make(takingOver: false)
                    #expect(outcome.isOurs)
                }
                await #expect(throws: Rebuild.Failure.givenUp(projection: "tally", build: 2)) {
                    try await group.waitForAll()
                }
            }
            #expect(try await harness.builds(of: "tally").map(\.state) == [.active, .retired])
            try await Rebuild(third, on: harness.target, logger: .silent).run()
            let shown = try await TallyProjection.shown(harness.connection)
            #expect(shown == [10, 90])
            #expect(try await harness.builds(of: "tally").count == 1)
        }
    }

    @Test func theToolOfAnotherReleaseIsRefused() async throws {
        try await Harness.with { harness in
            try await Rebuild(old, on: harness.target, logger: .silent).run()
            try await harness.withProjector([new]) { _ in
                try await harness.waitUntilKept(under: new)
                let error = await #expect(throws: Rebuild.Failure.self) {
                    try await Rebuild(old, on: harness.target, logger: .silent).run()
                }
                #expect("\(error as Any)".contains("processes of another release"))
            }
        }
    }
}
