import EventLog
import EventSourcing
import Foundation
import TestSupport
import Testing

@testable import Postgres

/// A process knows on which history the log is, and writes nothing that it decided on another one.
@Suite(.enabled(if: Tier.isWhole), .timeLimit(.minutes(3))) struct HistoryTests {
    private func withLog(
        _ target: ConnectionTarget, _ body: @Sendable (PostgresEventLog, Pool, History) async throws -> Void
    ) async throws {
        var target = target
        let history = History(ofLog: .silent)
        target.history = history
        let pool = Pool(target, size: 2, logger: .silent)
        let writer = Pool(target, size: 2, logger: .silent)
        defer {
            pool.close()
            writer.close()
        }
        try await body(PostgresEventLog(readers: pool, writer: writer), pool, history)
    }

    private func append(_ version: Int64, _ history: HistoryToken? = nil) -> Append {
        Append(to: "a", expecting: .exact(version), events: [event("E")], history: history)
    }

    @Test func anotherSessionWithTheSameServerIsOnTheSameHistory() async throws {
        try await TestCluster.shared.withDatabase { target in
            try await withLog(target) { log, pool, history in
                #expect(try await log.append(append(0)).isAppended)
                let before = log.history
                _ = try await pool.withConnection { connection in
                    try await connection.query(
                        """
                        select pg_terminate_backend(pid) from pg_stat_activity
                        where datname = current_database() and pid <> pg_backend_pid()
                        """)
                }
                #expect(try await log.append(append(1, before)).isAppended)
                #expect(log.history == before)
            }
        }
    }

    @Test func aServerThatWasStartedAgainMayBeOnAnotherHistory() async throws {
        try await TortureCluster.with(settings: ["fsync": "off", "full_page_writes": "off"]) { cluster in
            try await withLog(await cluster.server.target) { log, _, _ in
                #expect(try await log.append(append(0)).isAppended)
                let before = log.history
                try await cluster.restart(by: SIGQUIT)
                await #expect(throws: EventLogError.historyChanged) { try await log.append(append(1, before)) }
                #expect(log.history > before)
                #expect(try await log.append(append(1, log.history)).isAppended)
            }
        }
    }

    /// As by a restore of an older backup over the same start of the server, under living sessions.
    @Test(arguments: [false, true])
    func whatTheLogNoLongerHoldsIsMissed(_ isGoneOn: Bool) async throws {
        try await TestCluster.shared.withDatabase { target in
            try await withLog(target) { log, pool, history in
                #expect(try await log.append(append(0)).isAppended)
                #expect(try await log.append(append(1)).isAppended)
                let before = log.history
                try await pool.withConnection { connection in
                    try await connection.script(
                        """
                        alter table events disable trigger user;
                        delete from events where position = 2;
                        update streams set version = 1 where name = 'a';
                        update log_head set position = 1;
                        """)
                    if isGoneOn {
                        // What another process appended meanwhile.
                        try await connection.script(
                            """
                            insert into events (position, version, recorded_at, schema_version, stream, type, data)
                            values (2, 2, clock_timestamp(), 1, 'a', 'F', '{}');
                            update streams set version = 2 where name = 'a';
                            update log_head set position = 2;
                            """)
                    }
                }
                let next: Int64 = isGoneOn ? 2 : 1
                // What rests on nothing is refused too: its caller may have looked at what is lost.
                await #expect(throws: EventLogError.historyChanged) { try await log.append(append(next, before)) }
                #expect(log.history > before)
                #expect(try await log.head() == next)
                #expect(try await log.append(append(next, log.history)).isAppended)
            }
        }
    }

    @Test func oneAppendOfAnotherHistoryFailsNoOther() async throws {
        try await TestCluster.shared.withDatabase { target in
            try await withLog(target) { log, _, _ in
                _ = try await log.head()
                let outcomes = await withTaskGroup(of: Bool.self) { group in
                    for index in 0..<20 {
                        let token = index.isMultiple(of: 2) ? log.history : HistoryToken(99)
                        let append = Append(to: StreamName("s-\(index)"), events: [event("E")], history: token)
                        group.addTask { (try? await log.append(append))?.isAppended == true }
                    }
                    return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
                }
                #expect(outcomes == 10)
            }
        }
    }

    @Test func aConnectionOfAnEarlierHistoryServesNobody() async throws {
        try await TestCluster.shared.withDatabase { target in
            try await withLog(target) { _, pool, history in
                let before = try await pool.query("select pg_backend_pid()")[0].integer(0)
                #expect(try await pool.query("select pg_backend_pid()")[0].integer(0) == before)
                history.end(history.number)
                #expect(try await pool.query("select pg_backend_pid()")[0].integer(0) != before)
            }
        }
    }
}
