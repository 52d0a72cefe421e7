import EventLog
import EventSourcing
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Postgres
@testable import TortureWriter

/// Nothing acknowledged is lost, nothing is there twice, nothing is skipped, whatever is killed.
///
/// `FOOTFALL_TORTURE_SECONDS` sets how long it goes on (60), `FOOTFALL_TORTURE_SEED` the seed, which decides what is
/// done to the log and its writers, and when.
@Suite(.enabled(if: Tier.isWhole)) struct TortureTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let seconds = environment["FOOTFALL_TORTURE_SECONDS"].flatMap(Int.init) ?? 60
    private static let seed = environment["FOOTFALL_TORTURE_SEED"].flatMap(UInt64.init) ?? .random(in: 0..<1_000_000)

    @Test(.timeLimit(.minutes(10 + seconds / 30)))
    func theLogKeepsItsPromisesUnderTorture() async throws {
        print("torture: FOOTFALL_TORTURE_SEED=\(Self.seed) FOOTFALL_TORTURE_SECONDS=\(Self.seconds)")
        try await TortureCluster.with { cluster in
            let target = await cluster.server.target
            let (torture, verdict) = try await LosingProxy.with(target) { proxy, detour in
                let torture = Torture(cluster: cluster, proxy: proxy, target: target, detour: detour, seed: Self.seed)
                return (torture, try await torture.run(for: .seconds(Self.seconds)))
            }
            let faults = verdict.faults
            print(
                "torture: \(torture.summary), \(verdict.events.count) events, \(verdict.ledger.count) answers, "
                    + "\(verdict.readers.count) readers")
            #expect(faults.isEmpty, "seed \(Self.seed): \(faults.prefix(20).joined(separator: "\n"))")
            #expect(verdict.ledger.count > Self.seconds, "the load came to a stop")
        }
    }
}

/// One torture: its load, what is done to it, and its outcome.
private final class Torture: Sendable {
    enum Blow: String, CaseIterable {
        case killPostmaster, killBackend, terminateBackend, terminateAllBackends, restartImmediately, killWriter,
            loseAnswer, loseRequest
    }

    private let cluster: TortureCluster
    private let proxy: LosingProxy
    private let target: ConnectionTarget
    /// The way to the server that all writers take, through the proxy.
    private let detour: ConnectionTarget
    private let seed: UInt64
    private let blows = Mutex<[Blow: Int]>([:])
    private let readers = Mutex<[TorturedReader]>([])

    init(
        cluster: TortureCluster, proxy: LosingProxy, target: ConnectionTarget, detour: ConnectionTarget, seed: UInt64
    ) {
        self.cluster = cluster
        self.proxy = proxy
        self.target = target
        self.detour = detour
        self.seed = seed
    }

    var summary: String {
        blows.withLock { $0.map { "\($0.key) \($0.value)" }.sorted().joined(separator: ", ") }
    }

    private func ledgerPath(_ source: String) -> String { cluster.folder.appending(path: "ledger-\(source)").path }

    func run(for duration: Duration) async throws -> TortureVerdict {
        let readerPool = Pool(target, size: 8, logger: .silent)
        let writerPools = [Pool(detour, size: 2, logger: .silent), Pool(detour, size: 2, logger: .silent)]
        defer { for pool in writerPools + [readerPool] { pool.close() } }
        let listener = Listener(target, channels: [eventsChannel], logger: .silent)
        let patient = PostgresEventLog(readers: readerPool, writer: writerPools[0])
        let impatient = PostgresEventLog(readers: readerPool, writer: writerPools[1], patience: .zero)

        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await listener.run() }
            for position: Int64 in [0, 0, 1, 700, 5000] {
                group.addTask { await self.tail(patient, listener, after: position) }
            }

            try await withThrowingTaskGroup(of: Void.self) { load in
                for (source, log) in [("patient", patient), ("impatient", impatient)] {
                    let workload = Workload(
                        log: log, ledgerPath: ledgerPath(source), source: source, life: 1, seed: seed)
                    load.addTask { await workload.run() }
                }
                defer { load.cancelAll() }
                try await torment(for: duration)
            }

            let verdict = try await judge()
            // Readers come to the end; one that does not within a minute never will.
            let patience = ContinuousClock.now + .seconds(60)
            while readers.withLock({ $0.contains { $0.position < verdict.head } }), .now < patience {
                try await Task.sleep(for: .milliseconds(10))
            }
            group.cancelAll()
            return TortureVerdict(
                events: verdict.events, head: verdict.head, streamVersions: verdict.streamVersions,
                ledger: verdict.ledger, readers: readers.withLock { $0 })
        }
    }

    /// What the tables and the ledgers hold once nobody writes any more.
    private func judge() async throws -> TortureVerdict {
        // The sessions of a killed process end what they were at; the server may be recovering from a blow.
        var connection: Connection?
        while true {
            if let open = connection, open.isOpen,
                let rows = try? await open.query(
                    "select from pg_stat_activity where application_name = 'torture writer'")
            {
                if rows.isEmpty { break }
            } else {
                connection = try? await Connection.open(target, logger: .silent)
            }
            try await Task.sleep(for: .milliseconds(20))
        }
        guard let connection else { throw CancellationError() }
        defer { connection.close() }
        let tables = try await connection.pipeline([
            Statement("select position from log_head"),
            Statement("select name, version from streams"),
            Statement(
                "select position, stream, version, data ->> 'id', (data ->> 'index')::bigint from events order by position"
            ),
        ])
        var versions: [String: Int64] = [:]
        for row in tables[1] { versions[try row.text(0)] = try row.integer(1) }
        return TortureVerdict(
            events: try tables[2].map { row in
                TorturedEvent(
                    position: try row.integer(0), stream: try row.text(1), version: try row.integer(2),
                    id: try row.text(3), index: try row.integer(4))
            },
            head: try tables[0][0].integer(0), streamVersions: versions,
            ledger: ["patient", "impatient", "process"].flatMap { Ledger.entries(path: ledgerPath($0)) }, readers: [])
    }

    /// Does one thing after another to the server and to a process that writes.
    private func torment(for duration: Duration) async throws {
        var random = SeededGenerator(seed: seed)
        let end = ContinuousClock.now + duration
        var life = 1
        var writer = try writerProcess(life: life)
        defer {
            writer.terminate()
            writer.waitUntilExit()
        }
        while ContinuousClock.now < end {
            try await Task.sleep(for: .milliseconds(Int.random(in: 50...1000, using: &random)))
            let blow = Blow.allCases.randomElement(using: &random) ?? .killPostmaster
            let choice = Int64.random(in: 0..<1000, using: &random)
            blows.withLock { $0[blow, default: 0] += 1 }
            switch blow {
            case .killPostmaster: try await cluster.restart(by: SIGKILL)
            case .restartImmediately: try await cluster.restart(by: SIGQUIT)
            case .killBackend:
                let pids = await backends(
                    "select pid from pg_stat_activity where \(others) order by random() limit 1")
                for pid in pids { kill(pid_t(pid), SIGKILL) }
            case .terminateBackend:
                _ = await backends(
                    """
                    select pid from (
                      select pid, row_number() over (order by pid) - 1 as number, count(*) over () as total
                      from pg_stat_activity where \(others)
                    ) as backend
                    where number = \(choice) % total and pg_terminate_backend(pid)
                    """)
            case .terminateAllBackends:
                _ = await backends("select pid from pg_stat_activity where \(others) and pg_terminate_backend(pid)")
            case .loseAnswer: proxy.lose(.answer)
            case .loseRequest: proxy.lose(.request)
            case .killWriter:
                kill(writer.processIdentifier, SIGKILL)
                writer.waitUntilExit()
                life += 1
                writer = try writerProcess(life: life)
            }
        }
    }

    private var others: String { "backend_type = 'client backend' and pid <> pg_backend_pid()" }

    /// Process ids as a query gives them; none where the server is away just then.
    private func backends(_ sql: String) async -> [Int64] {
        guard let connection = try? await Connection.open(target, logger: .silent) else { return [] }
        defer { connection.close() }
        guard let rows = try? await connection.query(sql) else { return [] }
        return rows.compactMap { try? $0.integer(0) }
    }

    private func writerProcess(life: Int) throws -> Process {
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let process = Process()
        process.executableURL = URL(filePath: own).deletingLastPathComponent().appending(path: "TortureWriter")
        process.arguments = [
            detour.url, ledgerPath("process"), "process", String(life), String(seed &+ UInt64(life)), "15000",
        ]
        // It ends when this process does: then its input does.
        let input = Pipe()
        _ = fcntl(input.fileHandleForWriting.fileDescriptor, F_SETFD, FD_CLOEXEC)
        process.standardInput = input
        try process.run()
        return process
    }

    /// Reads until its task is cancelled.
    private func tail(_ log: any EventLog, _ listener: Listener, after position: Int64) async {
        let number = readers.withLock { readers in
            readers.append(TorturedReader(after: position))
            return readers.count - 1
        }
        var subscription = Subscription(to: log, after: position, listener: listener, pageSize: 50).makeAsyncIterator()
        while !Task.isCancelled {
            do {
                guard let page = try await subscription.next() else { return }
                readers.withLock { readers in
                    readers[number].digests += page.map { TorturedEvent($0).digest }
                    readers[number].position = page.last?.position ?? readers[number].position
                }
            } catch {
                // The server is away.
                try? await Task.sleep(for: .milliseconds(20))
                let position = readers.withLock { $0[number].position }
                subscription = Subscription(to: log, after: position, listener: listener).makeAsyncIterator()
            }
        }
    }
}

extension TorturedEvent {
    init(_ event: RecordedEvent) {
        let data = try? JSON.parse(event.data)
        self.init(
            position: event.position, stream: event.stream.rawValue, version: event.version,
            id: data?["id"]?.string ?? "", index: data?["index"]?.integer ?? 0)
    }
}
