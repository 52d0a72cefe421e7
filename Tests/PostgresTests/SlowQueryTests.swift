import Logging
import TestSupport
import Testing

@testable import Postgres

@Suite(.timeLimit(.minutes(5))) struct SlowQueryTests {
    private func entries(from threshold: Duration?, _ body: @Sendable (Pool) async throws -> Void) async throws
        -> [LogRecord.Line]
    {
        let log = LogRecord()
        try await TestCluster.shared.withDatabase(migrated: false) { target in
            var target = target
            target.slowQuery = threshold
            let pool = Pool(target, size: 1, logger: log.logger)
            defer { pool.close() }
            try await body(pool)
        }
        return log.lines
    }

    @Test func slowStatementIsNamedWithItsRequestAndWithoutItsValues() async throws {
        let entries = try await entries(from: .zero) { pool in
            var logger = LogRecord().logger
            logger[metadataKey: "request_id"] = "abc"
            try await withLogger(logger) { _ in
                _ = try await pool.query("select $1::text\n    as hidden", [.text("secret")])
            }
        }
        let entry = try #require(entries.first)
        #expect(entries.count == 1)
        #expect(entry.level == .warning)
        #expect(entry.message == "slow query")
        #expect(entry.metadata["sql"] == "select $1::text as hidden")
        #expect(entry.metadata["request_id"] == "abc")
        #expect(entry.metadata["milliseconds"] != nil)
        #expect(!"\(entry)".contains("secret"))
    }

    @Test(arguments: [nil, Duration.seconds(3600)])
    func quickStatementIsNot(threshold: Duration?) async throws {
        let entries = try await entries(from: threshold) { try await $0.query("select 1") }
        #expect(entries.isEmpty)
    }

    @Test func failedStatementIsNamedToo() async throws {
        let entries = try await entries(from: .zero) { pool in
            await #expect(throws: PostgresError.self) { try await pool.query("select 1 / 0") }
        }
        #expect(entries.map { $0.metadata["sql"] } == ["select 1 / 0"])
    }
}
