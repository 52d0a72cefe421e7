import EventLog
import EventSourcing
import Postgres
import TestSupport
import Testing

/// What the log makes of connections that break while it writes.
@Suite(.enabled(if: Tier.isWhole), .timeLimit(.minutes(5))) struct UnknownOutcomeTests {
    /// A log that writes through the proxy, on a connection that is made already, and reads past it.
    private func withLog(
        patience: Duration = .seconds(60), _ body: @Sendable (PostgresEventLog, LosingProxy) async throws -> Void
    ) async throws {
        try await withLogAndPool(patience: patience) { log, proxy, _ in try await body(log, proxy) }
    }

    private func withLogAndPool(
        patience: Duration = .seconds(60),
        _ body: @Sendable (PostgresEventLog, LosingProxy, Pool) async throws -> Void
    ) async throws {
        try await TestCluster.shared.withDatabase { target in
            try await LosingProxy.with(target) { proxy, detour in
                let readers = Pool(target, size: 4, logger: .silent)
                let writer = Pool(detour, size: 1, logger: .silent)
                defer {
                    readers.close()
                    writer.close()
                }
                try await body(PostgresEventLog(readers: readers, writer: writer, patience: patience), proxy, readers)
            }
        }
    }

    private func failure(_ log: PostgresEventLog, _ append: Append) async -> EventLogError? {
        do throws(EventLogError) {
            _ = try await log.append([append])
            return nil
        } catch { return error }
    }

    @Test(arguments: LosingProxy.Loss.allCases, [ExpectedVersion.any, .noStream, .exact(0)])
    func whatWasLostIsFoundOutUnderAnyExpectation(_ loss: LosingProxy.Loss, _ expected: ExpectedVersion) async throws {
        try await withLog { log, proxy in
            _ = try await log.append([Append(to: "other", events: [event("First")])])
            proxy.lose(loss)
            let outcome: AppendOutcome = try await log.append(
                Append(to: "s", expecting: expected, events: [event("E"), event("E")]))
            #expect(outcome.positions == 2...3)
            #expect(outcome.version == 2)
            let events = try await log.read(after: 0, limit: 10)
            #expect(events.map(\.position) == [1, 2, 3])
            #expect(outcome.appended?.recordedAt == events.last?.recordedAt)
        }
    }

    @Test(arguments: LosingProxy.Loss.allCases)
    func eachAppendOfABatchThatWasLostGetsItsOwnOutcome(_ loss: LosingProxy.Loss) async throws {
        try await withLog { log, proxy in
            let sent = Append(
                to: "s", producer: ProducerSequence(source: "w", sequence: 1), events: [event("E")])
            _ = try await log.append([sent])
            proxy.lose(loss)
            let outcomes = try await log.append([
                sent, Append(to: "s", expecting: .exact(7), events: [event("lost")]),
                Append(to: "s", expecting: .exact(1), events: [event("E")]),
                Append(to: "none", expecting: .exists, events: [event("lost")]),
            ])
            #expect(outcomes.map(\.name) == ["duplicate", "conflict", "appended", "missing"])
            #expect(outcomes[0] == .duplicate(positions: 1...1))
            #expect(outcomes[1] == .conflict(actual: 1))
            #expect(outcomes[2].positions == 2...2)
            let head = try await log.head()
            #expect(head == 2)
        }
    }

    /// What producers number needs no other note of the call.
    @Test(arguments: LosingProxy.Loss.allCases)
    func aCallOfProducersAloneIsDoneOnceAndNotedNowhere(_ loss: LosingProxy.Loss) async throws {
        try await withLogAndPool { log, proxy, pool in
            let appends = ["a", "b"].map {
                Append(
                    to: StreamName($0), producer: ProducerSequence(source: "w", sequence: 1),
                    events: [event("E"), event("E")])
            }
            proxy.lose(loss)
            let outcomes = try await log.append(appends)
            let positions = outcomes.map { if case .duplicate(let positions) = $0 { positions } else { $0.positions } }
            #expect(positions == [1...2, 3...4])
            #expect(try await log.head() == 4)
            let again = try await log.append(appends)
            #expect(again == [.duplicate(positions: 1...2), .duplicate(positions: 3...4)])
            let notes = try await pool.query("select count(*) as count from append_calls")
            #expect(try notes[0].integer("count") == 0)
        }
    }

    @Test(arguments: LosingProxy.Loss.allCases)
    func whatCannotBeFoundOutIsUnknownAndItsProducerLearnsItLater(_ loss: LosingProxy.Loss) async throws {
        try await withLog(patience: .zero) { log, proxy in
            _ = try await log.append([Append(to: "s", events: [event("First")])])
            let append = Append(to: "s", producer: ProducerSequence(source: "w", sequence: 1), events: [event("E")])
            proxy.lose(loss, goesDown: true)
            guard case .unknownOutcome = await failure(log, append) else {
                Issue.record("not reported as unknown")
                return
            }
            proxy.setDown(false)
            var again: AppendOutcome?
            while again == nil { again = try? await log.append(append) }
            #expect(again?.name == (loss == .answer ? "duplicate" : "appended"))
            #expect(again == .duplicate(positions: 2...2) || again?.positions == 2...2)
            let head = try await log.head()
            #expect(head == 2)
        }
    }

    @Test(arguments: LosingProxy.Loss.allCases)
    func whileOneOutcomeIsSoughtOthersFailAtOnce(_ loss: LosingProxy.Loss) async throws {
        try await withLog { log, proxy in
            _ = try await log.append([Append(to: "s", events: [event("First")])])
            proxy.lose(loss, goesDown: true)
            async let sought = failure(log, Append(to: "sought", events: [event("E")]))
            while !proxy.isDown { await Task.yield() }
            let other = await failure(log, Append(to: "other", events: [event("E")]))
            #expect("\(other as Any)".contains("unavailable"))
            proxy.setDown(false)
            let error = await sought
            #expect(error == nil)
            let written = try await log.readAll("sought").count
            #expect(written == 1)
        }
    }

    @Test func withoutADatabaseNoneOfManyAppendsHangs() async throws {
        try await withLog(patience: .milliseconds(100)) { log, proxy in
            _ = try await log.append([Append(to: "s", events: [event("First")])])
            await withTaskGroup(of: EventLogError?.self) { group in
                for index in 0..<300 {
                    group.addTask { await failure(log, Append(to: StreamName("s-\(index)"), events: [event("E")])) }
                    if index == 150 { proxy.setDown(true) }
                }
                var failures = 0
                for await error in group {
                    switch error {
                    case nil: break
                    case .unavailable, .blocked, .unknownOutcome: failures += 1
                    case let error?: Issue.record("reported as \(error)")
                    }
                }
                #expect(failures > 0)
            }
            proxy.setDown(false)
            while await failure(log, Append(to: "last", events: [event("E")])) != nil { await Task.yield() }
        }
    }

    /// A session that goes on after its client has given it up is waited for, and what it did is the outcome.
    @Test func aSessionThatIsStillAtItIsWaitedFor() async throws {
        try await TestCluster.shared.withDatabase { target in
            let readers = Pool(target, size: 2, logger: .silent)
            let writer = Pool(target.named("writer", requestTimeout: .milliseconds(100)), size: 1, logger: .silent)
            let blocker = try await Connection.open(target, logger: .silent)
            defer {
                readers.close()
                writer.close()
                blocker.close()
            }
            let log = PostgresEventLog(readers: readers, writer: writer, patience: .seconds(60))
            _ = try await log.append([Append(to: "s", events: [event("First")])])
            let outcome = try await withThrowingTaskGroup(of: AppendOutcome.self) { group in
                _ = try await blocker.pipeline([Statement("begin"), Statement("select from log_head for update")])
                group.addTask { try await log.append(Append(to: "s", events: [event("E")])) }
                // The given-up session waits for the blocker, the repetition for it.
                while try await readers.query(
                    """
                    select from pg_stat_activity
                    where application_name = 'writer' and datname = current_database() and wait_event_type = 'Lock'
                    """
                ).count < 2 {}
                try await blocker.query("commit")
                return try await group.next()
            }
            #expect(outcome?.positions == 2...2)
            let head = try await log.head()
            #expect(head == 2)
        }
    }

    @Test func aKilledSessionOfTheWriterGoesUnnoticed() async throws {
        try await TestCluster.shared.withDatabase { target in
            let readers = Pool(target, size: 2, logger: .silent)
            let writer = Pool(target.named("writer"), size: 1, logger: .silent)
            defer {
                readers.close()
                writer.close()
            }
            let log = PostgresEventLog(readers: readers, writer: writer)
            for round in 1...20 {
                let outcome: AppendOutcome = try await log.append(Append(to: "s", events: [event("E")]))
                #expect(outcome.version == Int64(round))
                try await readers.query(
                    """
                    select pg_terminate_backend(pid) from pg_stat_activity
                    where application_name = 'writer' and datname = current_database()
                    """)
            }
        }
    }
}
