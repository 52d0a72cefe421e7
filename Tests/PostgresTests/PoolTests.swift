import TestSupport
import Testing

@testable import Postgres

@Suite(.timeLimit(.minutes(5))) struct PoolTests {
    private func withPool(
        size: Int, maximumWaiting: Int = 1000, _ body: @Sendable (Pool, ConnectionTarget) async throws -> Void
    ) async throws {
        try await TestCluster.shared.withDatabase(migrated: false) { target in
            let pool = Pool(target, size: size, maximumWaiting: maximumWaiting, logger: .silent)
            defer { pool.close() }
            try await body(pool, target)
        }
    }

    @Test func neverMoreConnectionsThanItsSizeAreMade() async throws {
        try await withPool(size: 3) { pool, _ in
            let pids = try await withThrowingTaskGroup(of: Int64.self) { group in
                for _ in 0..<100 {
                    group.addTask { try await pool.query("select pg_backend_pid()")[0].integer(0) }
                }
                return try await group.reduce(into: Set()) { $0.insert($1) }
            }
            #expect((1...3).contains(pids.count))
        }
    }

    @Test func aCallBeyondThoseThatMayWaitIsRefusedAtOnce() async throws {
        try await withPool(size: 1, maximumWaiting: 0) { pool, _ in
            try await pool.withConnection { _ in
                #expect(await failureKind { try await pool.query("select 1") } == "overloaded")
            }
            try await pool.query("select 1")
        }
    }

    @Test func aLostConnectionIsReplaced() async throws {
        try await withPool(size: 1) { pool, target in
            let pid = try await pool.query("select pg_backend_pid()")[0].integer(0)
            let other = try await Connection.open(target, logger: .silent)
            defer { other.close() }
            try await other.query("select pg_terminate_backend($1::int, 60000)", [.integer(pid)])
            // Whether the loss is noticed before or by the next query is a race; after it the pool is well again.
            _ = try? await pool.query("select 1")
            #expect(try await pool.query("select pg_backend_pid()")[0].integer(0) != pid)
        }
    }

    @Test func withoutAServerEveryCallFailsAtOnce() async throws {
        let pool = Pool(ConnectionTarget("host=/nonexistent"), size: 2, logger: .silent)
        defer { pool.close() }
        for _ in 0..<50 {
            #expect(await failureKind { try await pool.query("select 1") } == "unreachable")
        }
    }

    @Test func aServerThatIsAwayOpensTheCircuitAndOneThatIsBackClosesIt() async throws {
        try await withPool(size: 2) { pool, target in
            try await pool.query("select 1")
            #expect(pool.circuit.state == .closed)
            // What the server refuses, and a session that is lost, say nothing about whether it is there.
            _ = try? await pool.query("select no_such_thing")
            let name = try await pool.query("select current_database()")[0].text(0)
            var elsewhere = target
            elsewhere.url += " dbname=postgres"
            let other = try await Connection.open(elsewhere, logger: .silent)
            defer { other.close() }
            let endSessions = "select pg_terminate_backend(pid, 60000) from pg_stat_activity where datname = '\(name)'"
            try await other.query(endSessions)
            _ = try? await pool.query("select 1")
            #expect(pool.circuit.state == .closed)

            try await other.query("alter database \(name) allow_connections false")
            try await other.query(endSessions)
            while pool.circuit.state != .open { _ = try? await pool.query("select 1") }
            try await other.query("alter database \(name) allow_connections true")
            while (try? await pool.query("select 1")) == nil { await Task.yield() }
            #expect(pool.circuit.state == .closed)
        }
    }

    @Test func closingRefusesThoseThatWait() async throws {
        try await withPool(size: 1) { pool, _ in
            try await pool.withConnection { connection in
                async let waiting = failureKind { try await pool.query("select 1") }
                // The waiting call may come before or after the close; it is refused either way.
                pool.close()
                #expect(await waiting == "unreachable")
                let answer = try await connection.query("select 1::int")[0].integer(0)
                #expect(answer == 1)
            }
        }
    }

    /// A pool whose role may have so many sessions only: the server refuses others, as it does with max_connections.
    private func withPool(
        size: Int, sessions: Int, _ body: @Sendable (Pool, ConnectionTarget) async throws -> Void
    ) async throws {
        try await TestCluster.shared.withDatabase(migrated: false) { target in
            let administration = try await Connection.open(target, logger: .silent)
            defer { administration.close() }
            let name = try await administration.query("select current_database()")[0].text(0)
            try await administration.query("create role \(name) login connection limit \(sessions)")
            var limited = target
            limited.url += " user=\(name)"
            let pool = Pool(limited, size: size, logger: .silent)
            let outcome: Result<Void, any Error>
            do { outcome = .success(try await body(pool, limited)) } catch { outcome = .failure(error) }
            pool.close()
            try await administration.query("drop role \(name)")
            try outcome.get()
        }
    }

    @Test func whereTheServerHasNoMoreSessionsCallersWaitForThoseThatThereAre() async throws {
        try await withPool(size: 8, sessions: 2) { pool, _ in
            try await withThrowingTaskGroup(of: Int64.self) { group in
                for _ in 0..<200 { group.addTask { try await pool.query("select pg_backend_pid()")[0].integer(0) } }
                let pids = try await group.reduce(into: Set()) { $0.insert($1) }
                #expect((1...2).contains(pids.count))
            }
            #expect(pool.circuit.state == .closed)
        }
    }

    @Test func withoutAnySessionACallFailsAtOnceAndWorksAgainWhenThereIsOne() async throws {
        try await withPool(size: 4, sessions: 1) { pool, target in
            let other = try await Connection.open(target, logger: .silent)
            for _ in 0..<20 { #expect(await failureKind { try await pool.query("select 1") } == "full") }
            #expect(pool.circuit.state == .closed)
            other.close()
            while (try? await pool.query("select 1")) == nil { await Task.yield() }
        }
    }

    /// Nobody who can be served is bound to an attempt to connect, which takes as long as the server pleases.
    @Test func aSessionThatComesBackIsLentWhileAnotherIsBeingMade() async throws {
        try await withStall(sessions: 1, connectTimeout: .seconds(600)) { stalling, target in
            let pool = Pool(target, size: 2, logger: .silent)
            defer { pool.close() }
            try await withThrowingTaskGroup(of: Int64.self) { group in
                try await pool.withConnection { _ in
                    group.addTask { try await pool.query("select 2::int")[0].integer(0) }
                    await stalling.hasStalled()
                }
                #expect(try await group.next() == 2)
            }
            #expect(pool.circuit.state == .closed)
        }
    }

    /// As behind a pooler that has given all its sessions away.
    @Test func aSessionThatIsNotSetUpInTimeIsGivenUp() async throws {
        try await withStall(sessions: 0, connectTimeout: .seconds(2)) { _, target in
            #expect(
                await failureKind { try await Connection.open(target, logger: .silent).close() } == "full")
            let pool = Pool(target, size: 2, logger: .silent)
            defer { pool.close() }
            #expect(await failureKind { try await pool.query("select 1") } == "full")
        }
    }

    private func withStall(
        sessions: Int, connectTimeout: Duration,
        _ body: @Sendable (StallingServer, ConnectionTarget) async throws -> Void
    ) async throws {
        try await TestCluster.shared.withDatabase(migrated: false) { target in
            try await StallingServer.with(before: target, sessions: sessions) { stalling, target in
                var target = target
                target.connectTimeout = connectTimeout
                try await body(stalling, target)
            }
        }
    }
}
