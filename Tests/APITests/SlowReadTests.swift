import Access
import EventSourcing
import TestSupport
import Testing

@testable import API
@testable import Postgres

/// Reads that take long, and who else is served meanwhile.
@Suite(.timeLimit(.minutes(5))) struct SlowReadTests {
    private static func untilWorking(on count: Int64, _ pool: Pool) async throws {
        let sql = """
            select count(*) from pg_stat_activity
            where datname = current_database() and pid <> pg_backend_pid() and state = 'active'
            """
        while try await pool.query(sql)[0].integer(0) != count { await Task.yield() }
    }

    /// Has every read of counts take ten minutes.
    private static func slowDown(_ pool: Pool) async throws {
        let view = try await pool.query("select pg_get_viewdef('read.hourly_counts'::regclass)")[0].text(0)
        let columns = view.replacing(";", with: "")
        try await pool.query(
            "create or replace view read.hourly_counts as select counts.* from (\(columns)) as counts, pg_sleep(600)")
    }

    @Test func slowReadsOfOneUserKeepNobodyWaitingAndEndWithTheirClient() async throws {
        let tokens = try await TestTokens()
        let (slow, other) = (try tokens.token("eve", [.viewer]), try tokens.token("ana", [.viewer]))
        let all = try tokens.all()
        try await withAPI(.live, authentication: tokens.authentication) { api in
            try await api.with(all).register()
            try await api.with(all).settle()
            let pool = try #require(api.pool)
            try await Self.slowDown(pool)
            let paths = ["/cameras/1/counts/explain", "/cameras/1/analytics", "/cameras/1/counts?fill=true"]
            let asking = Task {
                await withTaskGroup(of: Void.self) { group in
                    for index in 0..<12 {
                        group.addTask { _ = try? await api.with(slow).get(paths[index % paths.count]) }
                    }
                }
            }
            // As many as one user has worked on at a time, and no more.
            try await Self.untilWorking(on: 2, pool)
            for _ in 0..<20 {
                let answer = try await api.with(other).get("/cameras?limit=1")
                #expect(answer.status == 200)
            }
            asking.cancel()
            await asking.value
            try await Self.untilWorking(on: 0, pool)
        }
    }

    @Test func whoAsksForMoreThanMayWaitIsRefused() async throws {
        let turns = UserTurns(maximum: 1, maximumWaiting: 1, timeout: .seconds(600))
        let (held, started) = (Latch(), Latch())
        try await withThrowingTaskGroup(of: Int.self) { group in
            group.addTask {
                try await turns.withTurn(of: "eve") {
                    started.open()
                    await held.wait()
                    return 1
                }
            }
            await started.wait()
            group.addTask { try await turns.withTurn(of: "eve") { 2 } }
            while turns.waiting(of: "eve") == 0 { await Task.yield() }
            let problem = await #expect(throws: Problem.self) { try await turns.withTurn(of: "eve") { 3 } }
            #expect(problem?.code == .rateLimited)
            #expect(problem?.headers[.retryAfter] == "1")
            #expect(try await turns.withTurn(of: "ana") { 4 } == 4)
            held.open()
            let ended = try await group.reduce(into: []) { $0.append($1) }
            #expect(ended == [1, 2])
            #expect(turns.waiting(of: "eve") == 0)
        }
    }

    @Test func whoWaitsTooLongForATurnIsRefused() async throws {
        let turns = UserTurns(maximum: 1, maximumWaiting: 5, timeout: .milliseconds(1))
        try await turns.withTurn(of: "eve") {
            let problem = await #expect(throws: Problem.self) { try await turns.withTurn(of: "eve") {} }
            #expect(problem?.code == .rateLimited)
        }
        try await turns.withTurn(of: "eve") {}
    }

    /// Twenty thousand lines in ten thousand quarter hours are two hundred million rows, of which none is made.
    @Test func rowsThatWouldBeTooManyAreNotMade() async throws {
        try await withAPI { api in
            try await api.register()
            try await api.settle()
            let pool = try #require(api.pool)
            try await pool.query(
                """
                insert into read.hourly_counts (
                  camera_id, line, class, bucket_start, count_in, count_out, readings, correction_in, correction_out)
                select 1, 'line ' || number, 'person', '2026-03-29T10:00:00Z', 1, 0, 1, 0, 0
                from generate_series(1, 20000) as number
                """)
            let path = "/cameras/1/counts?fill=true&bucket=15m&from=2025-12-16T00:00:00Z&to=2026-03-29T12:00:00Z"
            try await api.get(path).expectProblem(422, "too_many_rows")
            let few = try await api.get(path + "&line=line%201&class=person")
            #expect(few["items"]?.array?.count == 9936)
        }
    }
}
