import EventLog
import EventSourcing
import Foundation
import TestSupport
import Testing

@testable import Installation
@testable import Postgres
@testable import Projector

/// Restored from a dump or taken over by a replica, the log, its read models and its readers go on as if nothing had
/// been.
@Suite(.enabled(if: Tier.isWhole), .timeLimit(.minutes(5))) struct RestoreTests {
    private static let settings = ["fsync": "off", "full_page_writes": "off"]

    @Test func aDumpGoesOnInAnotherCluster() async throws {
        try await TestCluster.shared.withDatabase { source in
            let before = try await History.make(on: source)
            try await TortureCluster.with(settings: Self.settings) { cluster in
                let administration = try await Connection.open(cluster.server.target, logger: .silent)
                defer { administration.close() }
                try await administration.query("create database restored")
                var restored = await cluster.server.target
                restored.url += " dbname=restored"
                let dump = cluster.folder.appending(path: "dump").path
                try await run("pg_dump", ["--format=custom", "--file=\(dump)", "--dbname=\(source.url)"])
                try await run("pg_restore", ["--exit-on-error", "--dbname=\(restored.url)", dump])
                try await before.goesOn(on: restored)
            }
        }
    }

    @Test func aPromotedReplicaGoesOn() async throws {
        try await TortureCluster.with(settings: Self.settings) { cluster in
            let primary = await cluster.server.target
            let account = try ServerAccount.current()
            let folder = cluster.folder.appending(path: "replica")
            let data = folder.appending(path: "postgres")
            try FileManager.default.createDirectory(at: data, withIntermediateDirectories: true)
            chown(data.path, account.userID, account.groupID)
            chmod(data.path, 0o700)
            let copy = try await account.run([
                Self.program("pg_basebackup"), "--pgdata=\(data.path)", "--write-recovery-conf", "--wal-method=stream",
                "--checkpoint=fast", "--dbname=\(primary.url)",
            ])
            try #require(copy.succeeded, "\(copy.text)")
            let replica = try await EmbeddedPostgres.start(in: folder, settings: Self.settings, logger: .silent)

            let before = try await History.make(on: primary)
            let reader = try await Connection.open(replica.target, logger: .silent)
            defer { reader.close() }
            while try await reader.query("select position from log_head")[0].integer(0) < before.head {}
            // Until it is promoted, it takes no appends, and says so.
            await #expect(throws: EventLogError.self) {
                try await withPostgresLog(replica.target) { log, _ in
                    _ = try await log.append([Append(to: "a", events: [event("E")])])
                }
            }
            kill(try #require(cluster.postmaster), SIGKILL)
            let promoted = try await reader.query("select pg_promote()")[0].bool(0)
            #expect(promoted)
            try await before.goesOn(on: replica.target)
            try await replica.stop()
        }
    }

    private static func program(_ name: String) -> String {
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: "/usr/lib/postgresql")) ?? []
        let newest = versions.max { (Int($0) ?? 0) < (Int($1) ?? 0) }
        return "/usr/lib/postgresql/\(newest ?? "")/bin/\(name)"
    }

    private func run(_ name: String, _ arguments: [String]) async throws {
        let process = Process()
        process.executableURL = URL(filePath: Self.program(name))
        process.arguments = arguments
        let errors = Pipe()
        process.standardError = errors
        try process.run()
        let text = try errors.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "\(name): \(String(decoding: text, as: UTF8.self))")
    }
}

/// A log with a read model that lags behind it, as it was at one time.
private struct History {
    let events: [RecordedEvent]
    let nextCameraID: Int64

    var head: Int64 { Int64(events.count) }

    private static func tally() throws -> ProjectionDefinition {
        try ProjectionDefinition(
            name: "tally", tables: "create table tally (stream text primary key, events bigint not null)",
            apply: """
                -- Inputs: batch
                insert into tally as t (stream, events)
                select stream, count(*) from batch group by stream
                on conflict (stream) do update set events = t.events + excluded.events;
                """,
            indexes: nil, eventViews: [:])
    }

    private static func sent(_ sequence: Int64) -> Append {
        Append(
            to: "telemetry", producer: ProducerSequence(source: "w", sequence: sequence),
            events: [event("R"), event("R")])
    }

    static func make(on target: ConnectionTarget) async throws -> History {
        try await withPostgresLog(target) { log, pool in
            for version in 0..<30 {
                _ = try await log.append([
                    Append(to: "exact", expecting: .exact(Int64(version)), events: [event("E")]),
                    Append(to: "any", events: [event("A")]), sent(Int64(version) + 1),
                ])
            }
            _ = try await log.append([Append(to: "ended", events: [event("E")], closes: ["ended"])])
            try await Rebuild(tally(), on: target, logger: .silent).run()
            for version in 30..<40 {
                _ = try await log.append([
                    Append(to: "exact", expecting: .exact(Int64(version)), events: [event("E")])
                ])
            }
            let id = try await pool.query("select nextval('camera_ids')")[0].integer(0)
            return History(events: try await log.read(after: 0, limit: 1000), nextCameraID: id + 1)
        }
    }

    func goesOn(on target: ConnectionTarget) async throws {
        try await withPostgresLog(target) { log, pool in
            let found = try await log.read(after: 0, limit: 1000)
            #expect(found == events)

            // Nothing is appended twice, under a false version, or to what has ended.
            let outcomes = try await log.append([
                Self.sent(30), Self.sent(7), Append(to: "exact", expecting: .exact(39), events: [event("lost")]),
                Append(to: "ended", events: [event("lost")]),
            ])
            let firstOf = { (sequence: Int64) in
                events.filter { event in
                    (try? JSON.parse(event.metadata))?["sequence"] == .integer(sequence)
                }.map(\.position).min() ?? 0
            }
            #expect(outcomes[0] == .duplicate(positions: firstOf(30)...firstOf(30) + 1))
            #expect(outcomes[1] == .duplicate(positions: firstOf(7)...firstOf(7) + 1))
            #expect(outcomes[2] == .conflict(actual: 40))
            #expect(outcomes[3] == .closed)

            let listener = Listener(target, channels: Projector.channels, logger: .silent)
            let checkpoints = Checkpoints(pool: pool, listener: listener, logger: .silent)
            let projector = Projector([try Self.tally()], on: target, listener: listener, logger: .silent)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await listener.run() }
                group.addTask { await checkpoints.run() }
                group.addTask { await projector.run() }
                var subscription = Subscription(to: log, after: 50, listener: listener).makeAsyncIterator()
                let next: AppendOutcome = try await log.append(
                    Append(to: "exact", expecting: .exact(40), events: [event("E"), event("E")]))
                #expect(next.positions == head + 1...head + 2)
                var seen: [Int64] = []
                while seen.last ?? 0 < head + 2, let page = try await subscription.next() {
                    seen += page.map(\.position)
                }
                #expect(seen == Array(51...head + 2))

                let isReached = await checkpoints.wait(for: ["tally"], toReach: head + 2, timeout: .seconds(60))
                #expect(isReached)
                let tallied = try await pool.query("select events from read.tally order by stream collate \"C\"")
                    .map { try $0.integer(0) }
                #expect(tallied == [30, 1, 42, 60])
                group.cancelAll()
            }
            let id = try await pool.query("select nextval('camera_ids')")[0].integer(0)
            // A promoted replica may skip ids: a sequence is logged some values ahead.
            #expect(id >= nextCameraID)
        }
    }
}
