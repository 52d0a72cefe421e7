import EventLog
import EventSourcing
import Postgres
import Synchronization
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5))) struct SubscriptionTests {
    /// A log whose listener runs as long as `body` takes.
    private func withLog(
        channels: [String] = [eventsChannel], pollInterval: Duration = .seconds(3600),
        _ body: @Sendable (PostgresEventLog, Listener, Pool) async throws -> Void
    ) async throws {
        try await TestCluster.shared.withDatabase { target in
            try await withPostgresLog(target) { log, pool in
                let listener = Listener(
                    target.named("listener"), channels: channels, pollInterval: pollInterval, logger: .silent)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { await listener.run() }
                    try await body(log, listener, pool)
                    group.cancelAll()
                }
            }
        }
    }

    private static let listening = """
        from pg_stat_activity
        where application_name = 'listener' and datname = current_database() and query like 'listen%' and state = 'idle'
        """

    private func append(_ count: Int, to log: PostgresEventLog) async throws {
        _ = try await log.append((0..<count).map { _ in Append(to: "s", events: [event("E")]) })
    }

    /// The positions that the next pages hold, until `last` has come.
    private func positions(
        _ iterator: inout Subscription.Iterator, upTo last: Int64
    ) async throws -> [Int64] {
        var positions: [Int64] = []
        while positions.last ?? 0 < last, let page = try await iterator.next() { positions += page.map(\.position) }
        return positions
    }

    @Test(arguments: [0, 1, 99, 100, 249, 250] as [Int64])
    func whatWasAppendedComesFirstAndThenWhatIs(after position: Int64) async throws {
        try await withLog { log, listener, _ in
            try await append(250, to: log)
            var iterator = Subscription(to: log, after: position, listener: listener, pageSize: 50).makeAsyncIterator()
            if position < 250 {
                let first = try await positions(&iterator, upTo: 250)
                #expect(first == Array(position + 1...250))
            }
            for round in 0..<20 {
                try await append(3, to: log)
                let last = 253 + Int64(round) * 3
                let next = try await positions(&iterator, upTo: last)
                #expect(next == Array(last - 2...last))
            }
        }
    }

    @Test func whatIsAppendedDuringTheCatchUpComesOnceAndInOrder() async throws {
        try await withLog { log, listener, _ in
            try await append(20, to: log)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<4 {
                    group.addTask { for _ in 0..<100 { try await append(2, to: log) } }
                }
                for start: Int64 in [0, 10, 20] {
                    group.addTask {
                        var iterator = Subscription(to: log, after: start, listener: listener, pageSize: 7)
                            .makeAsyncIterator()
                        let seen = try await positions(&iterator, upTo: 820)
                        #expect(seen == Array(start + 1...820))
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test func manySubscribersShareOneSession() async throws {
        try await withLog { log, listener, pool in
            try await withThrowingTaskGroup(of: [Int64].self) { group in
                for _ in 0..<20 {
                    group.addTask {
                        var iterator = Subscription(to: log, after: 0, listener: listener).makeAsyncIterator()
                        return try await positions(&iterator, upTo: 50)
                    }
                }
                for _ in 0..<50 { try await append(1, to: log) }
                for try await seen in group { #expect(seen == Array(1...50)) }
            }
            let sessions = try await pool.query(
                "select from pg_stat_activity where application_name = 'listener' and datname = current_database()")
            #expect(sessions.count == 1)
        }
    }

    @Test func noMoreThanOnePageIsReadAhead() async throws {
        try await withLog { log, listener, _ in
            try await append(100, to: log)
            let watched = WatchedLog(log)
            var iterator = Subscription(to: watched, after: 0, listener: listener, pageSize: 10).makeAsyncIterator()
            #expect(watched.limits == [])
            for round in 1...3 {
                let page = try await iterator.next()
                #expect(page?.count == 10)
                #expect(watched.limits.allSatisfy { $0 == 10 })
                #expect((round...round + 1).contains(watched.limits.count))
            }
        }
    }

    @Test func cancellingEndsAWaitThatNothingElseWould() async throws {
        try await withLog { log, listener, _ in
            let (isWaiting, waiting) = AsyncStream.makeStream(of: Void.self)
            let watched = WatchedLog(log) { waiting.yield() }
            let task = Task {
                var pages = 0
                for try await _ in Subscription(to: watched, after: 0, listener: listener) { pages += 1 }
                return pages
            }
            // It has looked, and will find nothing.
            _ = await isWaiting.first { _ in true }
            task.cancel()
            let pages = try await task.value
            #expect(pages == 0)
        }
    }

    /// A signal and a cancellation that meet must not wait for one another.
    @Test func subscribersMayBeCancelledWhileTheyAreSignalled() async throws {
        let listener = Listener(
            ConnectionTarget("host=/nonexistent"), channels: [], pollInterval: .microseconds(1), logger: .silent)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await listener.run() }
            for _ in 0..<200 {
                await withTaskGroup(of: Void.self) { subscribers in
                    for _ in 0..<50 {
                        subscribers.addTask { for await _ in listener.signals(on: eventsChannel) {} }
                    }
                    await Task.yield()
                    subscribers.cancelAll()
                }
            }
            group.cancelAll()
        }
    }

    @Test func aKilledListeningSessionCostsNoEvent() async throws {
        try await withLog { log, listener, pool in
            var iterator = Subscription(to: log, after: 0, listener: listener).makeAsyncIterator()
            for round in 1...5 {
                while try await pool.query("select \(Self.listening)").isEmpty {}
                // Nobody listens when this is committed.
                let killed = try await pool.query("select pg_terminate_backend(pid, 60000) \(Self.listening)")
                #expect(killed.count == 1)
                try await append(1, to: log)
                let seen = try await positions(&iterator, upTo: Int64(round))
                #expect(seen == [Int64(round)])
            }
        }
    }

    @Test func withoutAnyNotificationThePollFindsWhatCame() async throws {
        try await withLog(channels: [], pollInterval: .milliseconds(20)) { log, listener, _ in
            var iterator = Subscription(to: log, after: 0, listener: listener).makeAsyncIterator()
            for round in 1...10 {
                try await append(1, to: log)
                let seen = try await positions(&iterator, upTo: Int64(round))
                #expect(seen == [Int64(round)])
            }
        }
    }

    @Test func afterAFailureItGoesOnWhereItWas() async throws {
        try await TestCluster.shared.withDatabase { target in
            try await LosingProxy.with(target) { proxy, detour in
                try await withPostgresLog(detour) { log, _ in
                    let listener = Listener(detour, channels: [eventsChannel], logger: .silent)
                    try await append(20, to: log)
                    var iterator = Subscription(to: log, after: 0, listener: listener, pageSize: 10)
                        .makeAsyncIterator()
                    let first = try await positions(&iterator, upTo: 10)
                    proxy.setDown(true)
                    var failures = 0
                    do { _ = try await iterator.next() } catch { failures += 1 }
                    #expect(failures == 1)
                    proxy.setDown(false)
                    var second: [Int64] = []
                    while second.isEmpty {
                        do { second = try await positions(&iterator, upTo: 20) } catch { failures += 1 }
                    }
                    #expect(first + second == Array(1...20))
                }
            }
        }
    }

    @Test func aLogThatWentBackIsRefused() async throws {
        try await withLog { log, listener, pool in
            try await append(5, to: log)
            var iterator = Subscription(to: log, after: 3, listener: listener).makeAsyncIterator()
            let seen = try await positions(&iterator, upTo: 5)
            #expect(seen == [4, 5])
            // As after restoring an older backup.
            try await pool.query("update log_head set position = 2")
            do {
                let page = try await iterator.next()
                Issue.record("gave \(page as Any)")
            } catch let error as HistoryWentBack {
                #expect(error.position == 5)
                #expect(error.head == 2)
                #expect("\(error)".contains("read from 0 again"))
            }
        }
    }

    @Test func itEndsWhenItsListenerStops() async throws {
        try await TestCluster.shared.withDatabase { target in
            try await withPostgresLog(target) { log, _ in
                let listener = Listener(target, channels: [], pollInterval: .seconds(3600), logger: .silent)
                let running = Task { await listener.run() }
                var iterator = Subscription(to: log, after: 0, listener: listener).makeAsyncIterator()
                running.cancel()
                let page = try await iterator.next()
                #expect(page == nil)
            }
        }
    }
}

/// Remembers how much of the log was asked for at a time.
private final class WatchedLog: EventLog {
    private let log: any EventLog
    private let onLook: @Sendable () -> Void
    private let state = Mutex<[Int]>([])

    init(_ log: any EventLog, onLook: @escaping @Sendable () -> Void = {}) {
        self.log = log
        self.onLook = onLook
    }

    var limits: [Int] { state.withLock { $0 } }

    func append(_ appends: [Append]) async throws(EventLogError) -> [AppendOutcome] { try await log.append(appends) }

    func read(_ stream: StreamName, after version: Int64, limit: Int) async throws(EventLogError) -> [RecordedEvent] {
        try await log.read(stream, after: version, limit: limit)
    }

    func read(after position: Int64, limit: Int) async throws(EventLogError) -> [RecordedEvent] {
        state.withLock { $0.append(limit) }
        let events = try await log.read(after: position, limit: limit)
        onLook()
        return events
    }

    func head() async throws(EventLogError) -> Int64 {
        let head = try await log.head()
        onLook()
        return head
    }
}
