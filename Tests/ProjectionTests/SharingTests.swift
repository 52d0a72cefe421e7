import EventSourcing
import Foundation
import Logging
import TestSupport
import Testing

@testable import Postgres
@testable import Projector

/// Several processes on one database; here each is a `Projector` with a listener of its own.
@Suite(.timeLimit(.minutes(5))) struct SharingTests {
    private func counter(_ name: String) throws -> ProjectionDefinition {
        try ProjectionDefinition(
            name: name,
            tables: "create table \(name) (only_row boolean primary key, events bigint not null)",
            apply: """
                -- Inputs: batch
                insert into \(name) as t (only_row, events) select true, count(*) from batch
                on conflict (only_row) do update set events = t.events + excluded.events;
                """,
            eventViews: [:])
    }

    private func definitions() throws -> [ProjectionDefinition] { try ["ada", "bea", "cleo", "dora"].map(counter) }

    private func append(_ count: Int, to harness: Harness) async throws {
        try await harness.append((0..<count).map { _ in Append(to: "s", events: [event("E")]) })
    }

    /// How many projections each session applies, the least first; sessions that could apply some and do not are there
    /// with 0.
    private func loads(_ harness: Harness) async throws -> [Int64] {
        try await harness.pool.query(
            """
            select count(distinct objid) filter (where classid = $2::oid)
            from pg_locks
            where locktype = 'advisory' and granted and classid in ($1::oid, $2::oid)
              and database = (select oid from pg_database where datname = current_database())
            group by pid
            order by 1
            """, [.lock(LockSpace.candidates), .lock(LockSpace.projections)]
        ).map { try $0.integer(0) }
    }

    private func waits(for expected: [Int64], in harness: Harness) async throws {
        while try await loads(harness) != expected {
            try Task.checkCancellation()
            await Task.yield()
        }
    }

    private func events(_ harness: Harness) async throws -> [Int64] {
        try await harness.pool.query(
            """
            select events from read.ada union all select events from read.bea
            union all select events from read.cleo union all select events from read.dora
            """
        ).map { try $0.integer(0) }
    }

    @Test func projectionsAreSharedOutEvenlyAndEachEventCountsOnce() async throws {
        try await Harness.with { harness in
            let definitions = try definitions()
            let names = definitions.map(\.name)
            try await harness.withProjector(definitions) { checkpoints in
                #expect(await checkpoints.wait(for: names, toReach: 0, timeout: timeout))
                try await waits(for: [4], in: harness)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { for _ in 0..<100 { try await append(3, to: harness) } }
                    try await harness.withProjector(definitions) { _ in
                        try await waits(for: [2, 2], in: harness)
                        try await harness.withProjector(definitions) { _ in
                            try await waits(for: [1, 1, 2], in: harness)
                        }
                        try await waits(for: [2, 2], in: harness)
                    }
                    try await group.waitForAll()
                }
                try await waits(for: [4], in: harness)
                #expect(await checkpoints.wait(for: names, toReach: 300, timeout: timeout))
                #expect(try await events(harness) == [300, 300, 300, 300])
            }
            // The server notices that a session has ended a moment after its client does.
            try await waits(for: [], in: harness)
        }
    }

    /// As when the network or the process dies: the server ends the session by which the process said that it applies.
    @Test func aProcessWhoseSessionEndsGoesOnWithAnother() async throws {
        try await Harness.with { harness in
            let definitions = try definitions()
            let names = definitions.map(\.name)
            try await harness.withProjector(definitions) { checkpoints in
                try await harness.withProjector(definitions) { _ in
                    try await waits(for: [2, 2], in: harness)
                    for round in Int64(1)...5 {
                        try await append(20, to: harness)
                        try await harness.connection.query(
                            """
                            select pg_terminate_backend(pid) from pg_stat_activity
                            where datname = current_database()
                              and (application_name = 'footfall projector'
                                or application_name like 'footfall projection %' and random() < 0.5)
                            """)
                        #expect(await checkpoints.wait(for: names, toReach: 20 * round, timeout: timeout))
                    }
                    #expect(try await events(harness) == [100, 100, 100, 100])
                    try await waits(for: [2, 2], in: harness)
                }
            }
        }
    }

    @Test func theServerEndsASessionThatNoLongerSpeaks() async throws {
        try await Harness.with { harness in
            // A process that hangs: its listener never signals again after the first time.
            let definition = try counter("ada")
            try await append(5, to: harness)
            try await Rebuild(definition, on: harness.target, logger: .silent).run()
            let silent = Listener(
                harness.target, channels: [], pollInterval: .seconds(3600), logger: .silent)
            let hung = Projector([definition], on: harness.target, listener: silent, logger: .silent)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await hung.run() }
                try await waits(for: [1], in: harness)
                let holder = try await holder(harness)
                try await harness.withProjector([definition]) { checkpoints in
                    while try await self.holder(harness) == holder { await Task.yield() }
                    try await append(5, to: harness)
                    #expect(await checkpoints.wait(for: ["ada"], toReach: 10, timeout: timeout))
                }
                group.cancelAll()
            }
        }
    }

    private func holder(_ harness: Harness) async throws -> Int64? {
        try await harness.pool.query(
            """
            select pid from pg_locks
            where locktype = 'advisory' and granted and classid = $1::oid
              and database = (select oid from pg_database where datname = current_database())
            """, [.lock(LockSpace.projections)]
        ).first?.integer(0)
    }
}
