import EventLog
import EventSourcing
import Foundation
import TestSupport
import Testing

@testable import Postgres
@testable import Projector

/// Rebuilds whose parties are killed: nothing is lost, nothing counts twice, and what was done need not be done again.
@Suite(.enabled(if: Tier.isWhole), .timeLimit(.minutes(10))) struct RebuildCrashTests {
    private func withServer(_ body: @Sendable (TortureCluster, Harness) async throws -> Void) async throws {
        try await TortureCluster.with { cluster in
            let target = await cluster.server.target
            try await withPostgresLog(target) { log, pool in
                let connection = try await Connection.open(target, logger: .silent)
                defer { connection.close() }
                try await body(cluster, Harness(target: target, log: log, pool: pool, connection: connection))
            }
        }
    }

    enum Victim: CaseIterable {
        case backend, postmaster
    }

    /// The kill comes while the third range is being applied.
    @Test(arguments: Victim.allCases)
    func aKilledServersRebuildIsGoneOnWith(_ victim: Victim) async throws {
        try await withServer { cluster, harness in
            let gated = try TallyProjection.definition(gateAfter: 100)
            try await harness.append(300)
            try await Rebuild(TallyProjection.definition(), on: harness.target, logger: .silent).run()
            let rebuild = Rebuild(gated, on: harness.target, eventsPerStep: 50, logger: .silent)
            let building = try await TallyProjection.withGate(harness.target) {
                let building = Task { try await rebuild.run() }
                let pid = try await TallyProjection.waiter(harness.connection)
                // A rebuild's commits do not wait for the disk; what has reached it, no crash takes back.
                try await harness.connection.query("checkpoint")
                switch victim {
                case .backend:
                    kill(pid_t(pid), SIGKILL)
                    // The server ends all sessions, and starts again.
                    while harness.connection.isOpen { try await Task.sleep(for: .milliseconds(5)) }
                case .postmaster: try await cluster.restart(by: SIGKILL)
                }
                return building
            }
            await #expect(throws: PostgresError.self) { try await building.value }

            let connection = try await reconnect(harness.target)
            defer { connection.close() }
            let shown = try await TallyProjection.shown(connection)
            #expect(shown == [300, 300])
            let unfinished = try #require(try await Build.all(of: "tally", on: connection).last)
            #expect(unfinished.state == .building)
            #expect(unfinished.position == 100)

            try await rebuild.run()
            let rebuilt = try await TallyProjection.shown(connection)
            #expect(rebuilt == [300, 300])
            let builds = try await Build.all(of: "tally", on: connection)
            #expect(builds.map(\.id) == [unfinished.id])
            #expect(builds.map(\.state) == [.active])
            #expect(builds.map(\.position) == [300])
        }
    }

    /// Applying does not wait for the disk; what a crash takes back of it is applied again.
    @Test func aKilledServersReadModelCatchesUp() async throws {
        try await withServer { cluster, harness in
            try await harness.withProjector([TallyProjection.definition()]) { _ in
                for round in 1...3 {
                    for _ in 0..<10 { try await harness.append(10) }
                    let events = Int64(round * 100)
                    try await waitUntil(events, areShownBy: harness.target)
                    try await cluster.restart(by: SIGKILL)
                    try await waitUntil(events, areShownBy: harness.target)
                }
            }
        }
    }

    private func waitUntil(_ events: Int64, areShownBy target: ConnectionTarget) async throws {
        let connection = try await reconnect(target)
        defer { connection.close() }
        while true {
            // There is no read model before the first build is ready.
            let shown = try? await TallyProjection.shown(connection)
            if shown == [events, events] { return }
            try #require(shown.map { $0[0] <= events } ?? true)
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    /// After a crash the server refuses sessions for a moment.
    private func reconnect(_ target: ConnectionTarget) async throws -> Connection {
        while true {
            if let connection = try? await Connection.open(target, logger: .silent) { return connection }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    @Test func aKilledProcessesRebuildIsGoneOnWith() async throws {
        let share = FileManager.default.temporaryDirectory.appending(path: "footfall-share-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: share) }
        // A range has 10 000 events at first.
        try write(TallyProjection.apply(worth: 1, gateAfter: 10_000), into: share)

        try await Harness.with { harness in
            for _ in 0..<5 { try await harness.append(2500) }
            try await TallyProjection.withGate(harness.target) {
                let process = try footfallctl(["rebuild", "tally", "--database-url", harness.target.url], share: share)
                _ = try await TallyProjection.waiter(harness.connection)
                let second = try footfallctl(["rebuild", "tally", "--database-url", harness.target.url], share: share)
                second.waitUntilExit()
                #expect(second.terminationStatus == 1)
                kill(process.processIdentifier, SIGKILL)
                process.waitUntilExit()
                let build = try #require(try await harness.builds(of: "tally").first)
                #expect(build.position == 10_000)
                // The server notices that nobody waits for the range any more, and gives the build free.
                let other = try await Connection.open(harness.target, logger: .silent)
                defer { other.close() }
                while try await !build.lock(on: other) { try await Task.sleep(for: .milliseconds(20)) }
            }
            let third = try footfallctl(["rebuild", "tally", "--database-url", harness.target.url], share: share)
            third.waitUntilExit()
            #expect(third.terminationStatus == 0)
            let builds = try await harness.builds(of: "tally")
            #expect(builds.map(\.id) == [1])
            #expect(builds.map(\.state) == [.active])
            let shown = try await TallyProjection.shown(harness.connection)
            #expect(shown == [12_500, 12_500])
        }
    }

    /// The files of a release that has the projection `tally` only.
    private func write(_ apply: String, into share: URL) throws {
        let files = FileManager.default
        for folder in ["Migrations", "projections/_events", "projections/tally"] {
            try files.createDirectory(at: share.appending(path: folder), withIntermediateDirectories: true)
        }
        try Data().write(to: share.appending(path: "Migrations/0001_event_log.sql"))
        let tally = share.appending(path: "projections/tally")
        try Data(TallyProjection.tables.utf8).write(to: tally.appending(path: "tables.sql"))
        try Data(apply.utf8).write(to: tally.appending(path: "apply.sql"))
    }

    private func footfallctl(_ arguments: [String], share: URL) throws -> Process {
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let process = Process()
        process.executableURL = URL(filePath: own).deletingLastPathComponent().appending(path: "footfallctl")
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(["FOOTFALL_SHARE": share.path]) { $1 }
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        return process
    }
}
