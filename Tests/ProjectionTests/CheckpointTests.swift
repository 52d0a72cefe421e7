import EventSourcing
import TestSupport
import Testing

@testable import Postgres
@testable import Projector

/// Waiting for a read model to reach a position.
@Suite(.timeLimit(.minutes(5))) struct CheckpointTests {
    private func counter() throws -> ProjectionDefinition {
        try ProjectionDefinition(
            name: "counter",
            tables: "create table counter (only_row boolean primary key, events bigint not null)",
            apply: """
                -- Inputs: batch
                insert into counter as t (only_row, events) select true, count(*) from batch
                on conflict (only_row) do update set events = t.events + excluded.events;
                """,
            eventViews: [:])
    }

    private func append(_ count: Int, to harness: Harness) async throws {
        try await harness.append((0..<count).map { _ in Append(to: "s", events: [event("E")]) })
    }

    private func until(_ isReached: () async throws -> Bool) async throws {
        while try await !isReached() {
            try Task.checkCancellation()
            await Task.yield()
        }
    }

    @Test func aThousandWaitersEachGetTheirOwnAnswer() async throws {
        try await Harness.with { harness in
            try await harness.withProjector([counter()]) { checkpoints in
                #expect(await checkpoints.wait(for: ["counter"], toReach: 0, timeout: timeout))
                // A fifth each for a position that never comes: given up by the caller, or at the limit.
                let givenUp = Task {
                    await withTaskGroup(of: Bool.self, returning: Int.self) { group in
                        for _ in 0..<200 {
                            group.addTask {
                                await checkpoints.wait(for: ["counter"], toReach: .max, timeout: .seconds(3600))
                            }
                        }
                        return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
                    }
                }
                try await withThrowingTaskGroup(of: (wanted: Int64, isReached: Bool, seen: Int64).self) { group in
                    for index in Int64(0)..<600 {
                        group.addTask {
                            let wanted = index % 300 + 1
                            let isReached = await checkpoints.wait(
                                for: ["counter"], toReach: wanted, timeout: timeout)
                            let seen = try await harness.pool.query("select events from read.counter")
                            return (wanted, isReached, try seen.first?.integer(0) ?? 0)
                        }
                    }
                    for _ in 0..<200 {
                        group.addTask {
                            let isReached = await checkpoints.wait(
                                for: ["counter"], toReach: .max, timeout: .milliseconds(20))
                            return (0, !isReached, 0)
                        }
                    }
                    try await until { checkpoints.waiting >= 800 }
                    for _ in 0..<30 { try await append(10, to: harness) }
                    for try await waiter in group {
                        #expect(waiter.isReached)
                        #expect(waiter.seen >= waiter.wanted)
                    }
                }
                #expect(checkpoints.waiting == 200)
                givenUp.cancel()
                #expect(await givenUp.value == 0)
                #expect(checkpoints.waiting == 0)
            }
        }
    }

    /// The listener is told nothing: only its poll interval is left.
    @Test func aLostNotificationCostsNoMoreThanThePollInterval() async throws {
        try await Harness.with { harness in
            try await append(1, to: harness)
            try await harness.withProjector([counter()]) { _ in
                let deaf = Listener(
                    harness.target, channels: [], pollInterval: .milliseconds(20), logger: .silent)
                let checkpoints = Checkpoints(pool: harness.pool, listener: deaf, logger: .silent)
                try await withThrowingTaskGroup(of: Bool.self) { group in
                    let running = [Task { await deaf.run() }, Task { await checkpoints.run() }]
                    defer { for task in running { task.cancel() } }
                    group.addTask { await checkpoints.wait(for: ["counter"], toReach: 2, timeout: timeout) }
                    try await until { checkpoints.waiting == 1 }
                    try await append(1, to: harness)
                    #expect(try await group.next() == true)
                }
            }
        }
    }

    @Test func whoeverWaitsIsSentAwayWhenItStops() async throws {
        try await Harness.with { harness in
            let listener = Listener(harness.target, channels: [], logger: .silent)
            let checkpoints = Checkpoints(pool: harness.pool, listener: listener, maximumWaiting: 2, logger: .silent)
            try await withThrowingTaskGroup(of: Void.self) { group in
                let running = Task { await checkpoints.run() }
                for _ in 0..<2 {
                    group.addTask {
                        #expect(await !checkpoints.wait(for: ["counter"], toReach: 1, timeout: .seconds(3600)))
                    }
                }
                try await until { checkpoints.waiting == 2 }
                // There is no room for a third.
                #expect(await !checkpoints.wait(for: ["counter"], toReach: 1, timeout: .seconds(3600)))
                running.cancel()
                try await group.waitForAll()
            }
            #expect(await !checkpoints.wait(for: ["counter"], toReach: 1, timeout: .seconds(3600)))
        }
    }
}
