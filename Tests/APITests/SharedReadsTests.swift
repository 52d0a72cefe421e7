import TestSupport
import Testing

@testable import API
@testable import Postgres

@Suite(.timeLimit(.minutes(5))) struct SharedReadsTests {
    /// Waits for a lock, then counts how often it was run.
    private static let counting = Statement("select pg_advisory_xact_lock(7)::text, nextval('runs')")

    private func withReads(_ body: @Sendable (SharedReads, Connection) async throws -> Void) async throws {
        try await TestCluster.shared.withDatabase { target in
            let pool = Pool(target, logger: .silent)
            defer { pool.close() }
            let connection = try await Connection.open(target, logger: .silent)
            defer { connection.close() }
            try await connection.script("create sequence runs")
            try await body(SharedReads(pool: pool), connection)
        }
    }

    private func run(_ reads: SharedReads) async throws -> Int64 {
        try await reads.query(Self.counting)[0].integer(1)
    }

    @Test func whoComesWhileAStatementRunsSharesTheNextOne() async throws {
        try await withReads { reads, connection in
            try await connection.query("select pg_advisory_lock(7)")
            try await withThrowingTaskGroup(of: Int64.self) { group in
                group.addTask { try await run(reads) }
                while try await connection.query("select from pg_locks where not granted").isEmpty {}
                for _ in 0..<50 { group.addTask { try await run(reads) } }
                while reads.waiting < 50 { await Task.yield() }
                try await connection.query("select pg_advisory_unlock(7)")
                var answers: [Int64: Int] = [:]
                for try await answer in group { answers[answer, default: 0] += 1 }
                #expect(answers == [1: 1, 2: 50])
            }
            // Nobody asks now: the next one is asked for at once, and in a statement of its own.
            #expect(try await run(reads) == 3)
            #expect(reads.waiting == 0)
        }
    }

    @Test func otherParametersAreAnotherQuestion() async throws {
        try await withReads { reads, _ in
            let values = try await withThrowingTaskGroup(of: Int64.self) { group in
                for number in Int64(0)..<20 {
                    group.addTask {
                        try await reads.query(Statement("select $1::bigint", [.integer(number)]))[0].integer(0)
                    }
                }
                var values: [Int64] = []
                for try await value in group { values.append(value) }
                return values
            }
            #expect(values.sorted() == Array(0..<20))
        }
    }

    /// Waits for a lock, then says for each key how often it was run.
    private static let keyedCounting = SQLQuery(
        "keyed_counting",
        """
        with run as materialized (select pg_advisory_xact_lock(7)::text, nextval('runs') as number)
        select number, key from unnest(:keys::bigint[]) as key, run where key <> 13
        """, parameters: ["keys": .integers])

    @Test func differentKeysShareAStatement() async throws {
        try await withReads { reads, connection in
            @Sendable func row(of key: Int64) async throws -> [Int64]? {
                try await reads.row(of: key, by: Self.keyedCounting, []).map {
                    [try $0.integer("number"), try $0.integer("key")]
                }
            }
            try await connection.query("select pg_advisory_lock(7)")
            try await withThrowingTaskGroup(of: (Int64, [Int64]?).self) { group in
                func ask(_ key: Int64) { group.addTask { (key, try await row(of: key)) } }
                ask(1)
                while try await connection.query("select from pg_locks where not granted").isEmpty {}
                for key in Int64(2)...150 { ask(key) }
                ask(149)
                while reads.waiting < 150 { await Task.yield() }
                try await connection.query("select pg_advisory_unlock(7)")
                var readers: [Int64: Int] = [:]
                for try await (key, row) in group {
                    #expect(row?[1] == (key == 13 ? nil : key))
                    if let run = row?[0] { readers[run, default: 0] += 1 }
                }
                // The second statement is a full one, the third takes what is left; of one of them key 13 has no row.
                #expect(readers.count == 3)
                #expect(readers[1] == 1)
                #expect((99...100).contains(try #require(readers[2])))
                #expect(readers.values.reduce(0, +) == 150)
            }
            #expect(try await row(of: 5) == [4, 5])
            #expect(reads.waiting == 0)
        }
    }

    @Test func failureIsSharedAndForgotten() async throws {
        try await withReads { reads, _ in
            let wrong = Statement("select 1 / 0")
            await #expect(throws: PostgresError.self) { try await reads.query(wrong) }
            await #expect(throws: PostgresError.self) { try await reads.query(wrong) }
            let value = try await run(reads)
            #expect(value == 1)
        }
    }
}
