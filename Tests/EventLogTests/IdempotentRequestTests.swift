import EventLog
import EventSourcing
import TestSupport
import Testing

@testable import Postgres

/// What every log promises of requests that are made under a key.
@Suite(.timeLimit(.minutes(5))) struct IdempotentRequestTests {
    typealias Log = any EventLog & IdempotentRequests

    enum Implementation: CaseIterable, CustomTestStringConvertible {
        case memory, postgres

        var testDescription: String { "\(self)" }

        func withLog(_ body: @Sendable (Log) async throws -> Void) async throws {
            switch self {
            case .memory: try await body(InMemoryEventLog(now: { Timestamp(microseconds: 1) }))
            case .postgres:
                try await TestCluster.shared.withDatabase { target in
                    try await withPostgresLog(target) { log, _ in try await body(log) }
                }
            }
        }
    }

    private static let day = Duration.seconds(86_400)

    private func state(
        _ log: Log, _ id: String = "r", _ fingerprint: String = "f", lease: Duration = .seconds(600),
        keeping: Duration = day
    ) async throws -> RequestState {
        try await log.claim(id, fingerprint: fingerprint, lease: lease, keeping: keeping)
    }

    private func claim(_ log: Log, _ id: String = "r", lease: Duration = .seconds(600)) async throws -> RequestClaim {
        guard case .claimed(let claim) = try await state(log, id, lease: lease) else {
            throw EventLogError.storage(reason: "not claimed")
        }
        return claim
    }

    private func append(_ claim: RequestClaim, to stream: StreamName = "s", expecting expected: ExpectedVersion = .any)
        -> Append
    {
        Append(
            to: stream, expecting: expected, events: [event("E"), event("E")], metadata: EventMetadata(request: claim))
    }

    private func failure(_ log: Log, _ append: Append) async -> EventLogError? {
        do throws(EventLogError) {
            _ = try await log.append([append])
            return nil
        } catch { return error }
    }

    @Test(arguments: Implementation.allCases)
    func aRequestRunsThenIsAnsweredAsItWas(_ implementation: Implementation) async throws {
        try await implementation.withLog { log in
            let claim = try await claim(log)
            #expect(claim.done == nil)
            #expect(try await state(log) == .running)
            #expect(try await state(log, "r", "other") == .mismatched)
            #expect(try await self.claim(log, "another").id == "another")
            _ = try await log.append([append(claim)])
            #expect(try await state(log) == .running)
            try await log.finish(claim, answer: [1, 2, 3])
            #expect(try await state(log) == .answered([1, 2, 3]))
            #expect(try await state(log, "r", "other") == .mismatched)
            #expect(try await log.head() == 2)
        }
    }

    @Test(arguments: Implementation.allCases)
    func whatWasAppendedIsToldToWhoeverTakesOverAndAppendedOnce(_ implementation: Implementation) async throws {
        try await implementation.withLog { log in
            _ = try await log.append([Append(to: "other", events: [event("First")])])
            let first = try await claim(log, lease: .zero)
            let appends = [append(first), append(first, to: "none", expecting: .exists)]
            let outcomes = try await log.append(appends)
            #expect(outcomes.map(\.name) == ["appended", "missing"])

            let second = try await claim(log, lease: .zero)
            #expect(second.done == RequestClaim.Done(stream: "s", outcomes: outcomes))
            #expect(try await log.append([append(second), append(second, to: "none")]) == outcomes)
            #expect(await failure(log, append(first)) == .superseded)
            try await log.finish(second, answer: [7])
            #expect(try await state(log) == .answered([7]))
            #expect(try await log.head() == 3)
        }
    }

    @Test(arguments: Implementation.allCases)
    func whoWasOvertakenAppendsNothing(_ implementation: Implementation) async throws {
        try await implementation.withLog { log in
            let first = try await claim(log, lease: .zero)
            let second = try await claim(log)
            #expect(await failure(log, append(first)) == .superseded)
            try await log.finish(first, answer: [9])
            try await log.release(first)
            #expect(try await state(log) == .running)
            #expect(await failure(log, append(second)) == nil)
            #expect(try await log.head() == 2)
        }
    }

    @Test(arguments: Implementation.allCases)
    func whatCameToNothingMayBeMadeAnew(_ implementation: Implementation) async throws {
        try await implementation.withLog { log in
            let first = try await claim(log)
            let lost: AppendOutcome = try await log.append(append(first, expecting: .exact(4)))
            #expect(lost == .conflict(actual: 0))
            // Refused appends leave the request open.
            let made: AppendOutcome = try await log.append(append(first, expecting: .exact(0)))
            #expect(made.positions == 1...2)

            let other = try await claim(log, "o")
            try await log.release(other)
            guard case .claimed(let again) = try await state(log, "o", "something else") else {
                Issue.record("the key is not free")
                return
            }
            #expect(again.done == nil)
        }
    }

    @Test(arguments: Implementation.allCases)
    func aReleaseKeepsWhatWasAppended(_ implementation: Implementation) async throws {
        try await implementation.withLog { log in
            let first = try await claim(log)
            let outcomes = try await log.append([append(first)])
            try await log.release(first)
            #expect(try await claim(log).done?.outcomes == outcomes)
        }
    }

    @Test(arguments: Implementation.allCases)
    func anOldRequestIsForgotten(_ implementation: Implementation) async throws {
        try await implementation.withLog { log in
            for id in ["a", "b", "c"] { try await log.finish(try await claim(log, id), answer: [1]) }
            guard case .claimed = try await state(log, "a", "another", keeping: .zero) else {
                Issue.record("the key is not free")
                return
            }
            #expect(try await log.clear(olderThan: Self.day, limit: 10) == 0)
            #expect(try await log.clear(olderThan: .zero, limit: 2) == 2)
            #expect(try await log.clear(olderThan: .zero, limit: 2) == 1)
            #expect(try await claim(log, "b").done == nil)
        }
    }

    @Test(arguments: Implementation.allCases)
    func ofManyClaimsAtOnceOneHolds(_ implementation: Implementation) async throws {
        try await implementation.withLog { log in
            let states = try await withThrowingTaskGroup(of: RequestState.self) { group in
                for _ in 0..<20 { group.addTask { try await state(log) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(states.count { if case .claimed = $0 { true } else { false } } == 1)
            #expect(states.count { $0 == .running } == 19)
        }
    }

    @Test func anOvertakenRequestFailsNoOtherOfItsBatch() async throws {
        try await Implementation.postgres.withLog { log in
            let overtaken = try await claim(log, lease: .zero)
            _ = try await claim(log)
            let failures = await withTaskGroup(of: EventLogError?.self) { group in
                for index in 0..<40 {
                    group.addTask {
                        if index % 10 == 5 { return await failure(log, append(overtaken)) }
                        return await failure(log, Append(to: "t", events: [event("E")]))
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(failures.count { $0 == .superseded } == 4)
            #expect(failures.count { $0 == nil } == 36)
            #expect(try await log.head() == 36)
        }
    }

    /// The connection breaks before or after the commit: the request is done once, and known to be.
    @Test(arguments: LosingProxy.Loss.allCases)
    func aLostAnswerOfTheDatabaseLeavesTheRequestDoneOnce(_ loss: LosingProxy.Loss) async throws {
        try await TestCluster.shared.withDatabase { target in
            try await LosingProxy.with(target) { proxy, detour in
                let readers = Pool(target, size: 4, logger: .silent)
                let writer = Pool(detour, size: 1, logger: .silent)
                defer {
                    readers.close()
                    writer.close()
                }
                let log = PostgresEventLog(readers: readers, writer: writer, patience: .seconds(60))
                _ = try await log.append([Append(to: "other", events: [event("First")])])
                let first = try await claim(log, lease: .zero)
                proxy.lose(loss)
                let outcomes = try await log.append([append(first)])
                #expect(outcomes.first?.positions == 2...3)
                // The process ends here; another takes over.
                let second = try await claim(log)
                #expect(second.done?.outcomes == outcomes)
                #expect(try await log.append([append(second)]) == outcomes)
                #expect(try await log.head() == 3)
            }
        }
    }

    /// The session dies with the append in its transaction: nothing of either is there.
    @Test func aKilledBackendLeavesNeitherEventNorNote() async throws {
        try await TestCluster.shared.withDatabase { target in
            try await withPostgresLog(target) { log, pool in
                let other = try await Connection.open(target, logger: .silent)
                defer { other.close() }
                let first = try await claim(log, lease: .zero)
                // Holds the append up before it takes its position.
                try await other.query("begin")
                try await other.query("select position from log_head for update")
                async let appended = failure(log, append(first))
                while try await pool.query(
                    "select pg_terminate_backend(pid, 60000) from pg_stat_activity where wait_event_type = 'Lock' and query like '%append_events%' and datname = current_database()"
                ).isEmpty { await Task.yield() }
                try await other.query("commit")
                // The log repeats the call by itself, and that is done once.
                #expect(await appended == nil)
                let second = try await claim(log)
                #expect(second.done?.outcomes.first?.positions == 1...2)
                #expect(try await log.head() == 2)
            }
        }
    }
}
