import TestSupport
import Testing

@testable import Postgres

@Suite(.timeLimit(.minutes(5))) struct ConnectionTests {
    private func withConnection(
        requestTimeout: Duration? = nil, _ body: @Sendable (Connection, ConnectionTarget) async throws -> Void
    ) async throws {
        try await TestCluster.shared.withDatabase(migrated: false) { target in
            var target = target
            target.requestTimeout = requestTimeout
            let connection = try await Connection.open(target, logger: .silent)
            defer { connection.close() }
            try await body(connection, target)
        }
    }

    @Test func valuesComeBackAsTheyWereBound() async throws {
        try await withConnection { connection, _ in
            let row = try await connection.query(
                "select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11",
                [
                    .text("ä \u{1F600} 'quoted'"), .integer(Int64.min), .double(-1.5e300), .bool(true),
                    .jsonb(Array(#"{"a": [1, null]}"#.utf8)), .bytea([0, 255, 10]),
                    .timestamp(1_790_000_000_123_456), .integers([1, nil, -3]), .texts(["x", nil, ""]),
                    .smallIntegers([7, -7]), .integers([]),
                ])[0]
            #expect(try row.text(0) == "ä \u{1F600} 'quoted'")
            #expect(try row.integer(1) == Int64.min)
            #expect(try row.double(2) == -1.5e300)
            #expect(try row.bool(3))
            #expect(try row.text(4) == #"{"a": [1, null]}"#)
            #expect(try row.bytes(5) == [0, 255, 10])
            #expect(try row.timestamp(6) == 1_790_000_000_123_456)
            #expect(try row.integers(7) == [1, nil, -3])
            #expect(try row.integers(9) == [7, -7])
            #expect(try row.integers(10).isEmpty)
        }
    }

    @Test func nullIsToldFromAValue() async throws {
        try await withConnection { connection, _ in
            let row = try await connection.query(
                "select $1, $2, $3", [.text(nil), .integer(Int64?.none), .timestamp(nil)])[0]
            #expect(row.isNull(0))
            #expect(try row.optionalInteger(1) == nil)
            #expect(try row.optionalTimestamp(2) == nil)
            #expect(throws: PostgresError.self) { try row.text(0) }
        }
    }

    @Test func aValueOfAnotherTypeIsRefusedRatherThanMisread() async throws {
        try await withConnection { connection, _ in
            let row = try await connection.query("select 1.5::float8, 'x', 7::int2, 'infinity'::timestamptz")[0]
            #expect(throws: PostgresError.self) { try row.integer(0) }
            #expect(throws: PostgresError.self) { try row.timestamp(1) }
            #expect(try row.integer(2) == 7)
            #expect(throws: PostgresError.self) { try row.timestamp(3) }
        }
    }

    @Test func requestsOfManyTasksAreAnsweredEachWithItsOwn() async throws {
        try await withConnection { connection, _ in
            try await withThrowingTaskGroup(of: (Int, Int64).self) { group in
                for index in 0..<500 {
                    group.addTask {
                        let sql = index.isMultiple(of: 3) ? "select $1::bigint + 1" : "select $1::bigint + 2"
                        return (index, try await connection.query(sql, [.integer(index)])[0].integer(0))
                    }
                }
                for try await (index, answer) in group {
                    #expect(answer == Int64(index + (index.isMultiple(of: 3) ? 1 : 2)))
                }
            }
        }
    }

    @Test func anErrorFailsItsRequestAndNoOther() async throws {
        try await withConnection { connection, _ in
            let sql = ["select 1::bigint", "select 1 / 0::bigint", "selekt 1", "select 2::bigint"]
            let outcomes = await withTaskGroup(of: (Int, String?).self) { group in
                for (index, sql) in sql.enumerated() {
                    group.addTask { (index, await failureKind { try await connection.query(sql) }) }
                }
                return await group.reduce(into: [Int: String]()) { $0[$1.0] = $1.1 }
            }
            #expect(outcomes == [1: "22012", 2: "42601"])
            // What failed to be prepared can be prepared later on.
            await #expect(throws: PostgresError.self) { try await connection.query("select * from later") }
            try await connection.query("create table later as select 3::bigint as three")
            #expect(try await connection.query("select * from later")[0].integer(0) == 3)
        }
    }

    @Test func aPipelineTakesEffectWholeOrNotAtAll() async throws {
        try await withConnection { connection, _ in
            try await connection.script("create table t (n bigint primary key); create table u ()")
            await #expect(throws: PostgresError.self) {
                try await connection.pipeline([
                    Statement("insert into t values (1)"), Statement("insert into t values (1)"),
                    Statement("insert into t values (2)"),
                ])
            }
            #expect(try await connection.query("select count(*) from t")[0].integer(0) == 0)
            let results = try await connection.pipeline([
                Statement("insert into t values (1)"), Statement("insert into t values (2)"),
                Statement("select sum(n)::bigint from t"),
            ])
            #expect(results.map(\.affected) == [1, 1, 1])
            #expect(try results[2][0].integer(0) == 3)
        }
    }

    @Test func aTransactionIsRolledBackWhereItsBodyThrows() async throws {
        struct Failure: Error {}
        try await withConnection { connection, _ in
            try await connection.query("create table t (n bigint)")
            await #expect(throws: Failure.self) {
                try await connection.transaction {
                    try await connection.query("insert into t values (1)")
                    throw Failure()
                }
            }
            _ = try await connection.transaction { try await connection.query("insert into t values (2)") }
            #expect(try await connection.query("select n from t")[0].integer(0) == 2)
        }
    }

    @Test func aTerminatedSessionFailsWhatIsInFlightAsUnknownAndLaterCallsAsNotSent() async throws {
        try await withConnection { connection, target in
            let victim = try await Connection.open(target, logger: .silent)
            let pid = try await victim.query("select pg_backend_pid()")[0].integer(0)
            async let sleeping = failureKind { try await victim.query("select pg_sleep(600)") }
            while try await connection.query(
                "select from pg_stat_activity where pid = $1::int and wait_event = 'PgSleep'", [.integer(pid)]
            ).isEmpty {}
            try await connection.query("select pg_terminate_backend($1::int)", [.integer(pid)])
            #expect(await sleeping == "connection lost")
            #expect(!victim.isOpen)
            #expect(await failureKind { try await victim.query("select 1") } == "unreachable")
        }
    }

    @Test func aRequestBeyondItsDeadlineIsLostNotCancelled() async throws {
        try await withConnection(requestTimeout: .milliseconds(100)) { connection, _ in
            let error = await #expect(throws: PostgresError.self) { try await connection.query("select pg_sleep(600)") }
            #expect("\(error as Any)".contains("no answer within"))
            #expect(await failureKind { try await connection.query("select 1") } == "unreachable")
        }
    }

    @Test func aServerThatIsNotThereIsUnreachable() async throws {
        let error = await #expect(throws: PostgresError.self) {
            try await Connection.open(ConnectionTarget("host=/nonexistent"), logger: .silent)
        }
        #expect("\(error as Any)".contains("/nonexistent"))
    }
}
