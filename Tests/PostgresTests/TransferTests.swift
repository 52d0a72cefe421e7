import TestSupport
import Testing

@testable import Postgres

@Suite(.timeLimit(.minutes(5))) struct TransferTests {
    private struct Enough: Error {}

    private func withConnection(
        requestTimeout: Duration? = nil, _ body: @Sendable (Connection, Connection) async throws -> Void
    ) async throws {
        try await TestCluster.shared.withDatabase(migrated: false) { target in
            let other = try await Connection.open(target, logger: .silent)
            defer { other.close() }
            var target = target.named("transfer", requestTimeout: requestTimeout)
            target.requestTimeout = requestTimeout
            let connection = try await Connection.open(target, logger: .silent)
            defer { connection.close() }
            try await body(connection, other)
        }
    }

    /// Returns once the session named transfer waits as this event says.
    private func waitUntilTransferWaits(for event: String, seenBy connection: Connection) async throws {
        while try await connection.query(
            "select from pg_stat_activity where datname = current_database() and application_name = 'transfer' and wait_event = $1",
            [.text(event)]
        ).isEmpty {}
    }

    // In the from clause, the server would first write all numbers to disk.
    private static let endless = "select generate_series(1, 1000000000000) as n, repeat('x', 1000)"

    @Test func rowsComeInOrderEachOnce() async throws {
        try await withConnection { connection, _ in
            let numbers = try await connection.stream(
                "select n, 'row ' || n from generate_series(1::bigint, $1) as n", [.integer(20_000)]
            ) { rows in
                var numbers: [Int64] = []
                for try await row in rows {
                    let number = try row.integer(0)
                    #expect(try row.text(1) == "row \(number)")
                    numbers.append(number)
                }
                return numbers
            }
            #expect(numbers == Array(1...20_000))
        }
    }

    @Test func aConsumerThatStopsEarlyEndsTheStatementAndKeepsTheConnection() async throws {
        try await withConnection { connection, _ in
            for _ in 0..<5 {
                let first = try await connection.stream(Self.endless) { rows in
                    for try await row in rows { return try row.integer(0) }
                    return 0
                }
                #expect(first == 1)
                let answer = try await connection.query("select 7::bigint")[0].integer(0)
                #expect(answer == 7)
            }
            await #expect(throws: Enough.self) {
                try await connection.stream(Self.endless) { _ in throw Enough() }
            }
            let answer = try await connection.query("select 8::bigint")[0].integer(0)
            #expect(answer == 8)
        }
    }

    @Test func aConsumerThatDoesNotReadMakesTheServerWait() async throws {
        try await withConnection { connection, other in
            try await connection.stream(Self.endless) { rows in
                var iterator = rows.makeAsyncIterator()
                _ = try await iterator.next()
                try await waitUntilTransferWaits(for: "ClientWrite", seenBy: other)
            }
            try await connection.copyOut("copy (\(Self.endless)) to stdout") { _ in
                try await waitUntilTransferWaits(for: "ClientWrite", seenBy: other)
            }
        }
    }

    @Test func anErrorAfterSomeRowsIsThrownAfterThem() async throws {
        try await withConnection { connection, _ in
            var count: Int64 = 0
            do {
                try await connection.stream(
                    "select n / (5000 - n) from (select generate_series(1::bigint, 10000) as n) as numbers"
                ) { rows in
                    for try await _ in rows { count += 1 }
                }
                Issue.record("the error was not thrown")
            } catch {
                #expect((error as? PostgresError)?.sqlState == "22012")
            }
            #expect(count == 4999)
            let answer = try await connection.query("select 7::bigint")[0].integer(0)
            #expect(answer == 7)
        }
    }

    @Test(arguments: [false, true]) func aSessionThatIsTerminatedHalfWayIsLost(_ copies: Bool) async throws {
        try await withConnection { connection, other in
            let failure = await failureKind {
                if copies {
                    try await connection.copyOut("copy (\(Self.endless)) to stdout") { data in
                        var iterator = data.makeAsyncIterator()
                        _ = try await iterator.next()
                        try await terminate(seenBy: other)
                        while try await iterator.next() != nil {}
                    }
                } else {
                    try await connection.stream(Self.endless) { rows in
                        var iterator = rows.makeAsyncIterator()
                        _ = try await iterator.next()
                        try await terminate(seenBy: other)
                        while try await iterator.next() != nil {}
                    }
                }
            }
            #expect(failure == "connection lost")
            #expect(await failureKind { try await connection.query("select 1") } == "unreachable")
            #expect(
                await failureKind { _ = try await connection.copyIn("copy t from stdin") { _ in } } == "unreachable")
        }
    }

    private func terminate(seenBy connection: Connection) async throws {
        try await connection.query(
            "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'transfer' and datname = current_database()"
        )
    }

    @Test func aSilentServerIsLostAfterTheDeadline() async throws {
        try await withConnection(requestTimeout: .milliseconds(100)) { connection, _ in
            let failure = await failureKind {
                try await connection.stream("select pg_sleep(600)") { rows in for try await _ in rows {} }
            }
            #expect(failure == "connection lost")
        }
    }

    @Test func cancellingTheConsumersTaskEndsTheStream() async throws {
        try await withConnection { connection, other in
            let task = Task {
                try await connection.stream("select pg_sleep(600)") { rows in for try await _ in rows {} }
            }
            try await waitUntilTransferWaits(for: "PgSleep", seenBy: other)
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
        }
    }

    @Test(arguments: ["text", "binary"]) func whatIsCopiedOutCanBeCopiedIn(_ format: String) async throws {
        try await withConnection { connection, other in
            try await connection.script(
                """
                create table source as
                select n, 'ä\\ ' || chr(9) || n as text, jsonb_build_object('n', n) as json
                from generate_series(1, 30000) as n;
                create table copy (like source);
                """)
            let count = try await connection.copyOut("copy source to stdout (format \(format))") { data in
                try await other.copyIn("copy copy from stdin (format \(format))") { sink in
                    for try await piece in data { try await sink.write(piece) }
                }
            }
            #expect(count == 30_000)
            let differences = try await other.query(
                "select count(*) from (table source except table copy union all table copy except table source) as d")
            #expect(try differences[0].integer(0) == 0)
        }
    }

    @Test func aCopyThatIsRefusedHalfWayStoresNothing() async throws {
        try await withConnection { connection, _ in
            try await connection.query("create table t (n bigint)")
            let failure = await failureKind {
                _ = try await connection.copyIn("copy t from stdin") { sink in
                    for number in 0..<1000 { try await sink.write(Array("\(number)\n".utf8)) }
                    try await sink.write(Array("no number\n".utf8))
                    for _ in 0..<1000 { try await sink.write(Array(String(repeating: "1\n", count: 1000).utf8)) }
                }
            }
            #expect(failure == "22P02")
            let count = try await connection.query("select count(*) from t")[0].integer(0)
            #expect(count == 0)
        }
    }

    @Test func aCopyWhoseSenderGivesUpStoresNothing() async throws {
        try await withConnection { connection, _ in
            try await connection.query("create table t (n bigint)")
            await #expect(throws: Enough.self) {
                _ = try await connection.copyIn("copy t from stdin") { sink in
                    try await sink.write(Array("1\n".utf8))
                    throw Enough()
                }
            }
            let count = try await connection.query("select count(*) from t")[0].integer(0)
            #expect(count == 0)
        }
    }

    @Test func aCopyThatTheServerDoesNotBeginIsRefused() async throws {
        try await withConnection { connection, _ in
            try await connection.query("create table t (n bigint)")
            let missing = await failureKind {
                _ = try await connection.copyIn("copy nowhere from stdin") { sink in
                    while true { try await sink.write([10]) }
                }
            }
            #expect(missing == "42P01")
            let otherWay = await failureKind {
                try await connection.copyOut("copy t from stdin") { data in for try await _ in data {} }
            }
            #expect(otherWay == "decoding")
            #expect(await failureKind { _ = try await connection.copyIn("copy t to stdout") { _ in } } == "decoding")
            #expect(await failureKind { _ = try await connection.copyIn("select 1") { _ in } } == "decoding")
            let count = try await connection.query("select count(*) from t")[0].integer(0)
            #expect(count == 0)
        }
    }

    @Test func otherRequestsWaitForTheEndOfAStream() async throws {
        try await withConnection { connection, _ in
            try await withThrowingTaskGroup(of: Int64.self) { group in
                try await connection.stream("select n from generate_series(1::bigint, 5000) as n") { rows in
                    var iterator = rows.makeAsyncIterator()
                    _ = try await iterator.next()
                    for number in 0..<10 {
                        group.addTask { try await connection.query("select $1", [.integer(number)])[0].integer(0) }
                    }
                    while try await iterator.next() != nil {}
                }
                #expect(try await group.reduce(into: Set()) { $0.insert($1) } == Set(0..<10))
            }
        }
    }
}
