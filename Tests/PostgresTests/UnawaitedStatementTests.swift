import TestSupport
import Testing

@testable import Postgres

/// What the server does for nobody ends soon.
@Suite(.timeLimit(.minutes(5))) struct UnawaitedStatementTests {
    private func withSessions(
        _ change: @Sendable (inout ConnectionTarget) -> Void = { _ in },
        _ body: @Sendable (Connection, _ observer: Connection) async throws -> Void
    ) async throws {
        try await TestCluster.shared.withDatabase(migrated: false) { target in
            var reading = target.cancellingUnawaited()
            reading.requestTimeout = nil
            change(&reading)
            let connection = try await Connection.open(reading, logger: .silent)
            let observer = try await Connection.open(target, logger: .silent)
            defer {
                connection.close()
                observer.close()
            }
            try await body(connection, observer)
        }
    }

    private static func untilActive(_ isActive: Bool, seenBy observer: Connection) async throws {
        let sql = """
            select exists (
              select from pg_stat_activity
              where datname = current_database() and pid <> pg_backend_pid() and state = 'active')
            """
        while try await observer.query(sql)[0].bool(0) != isActive { await Task.yield() }
    }

    @Test func aStatementIsCancelledWithItsTaskAndTheSessionServesOthers() async throws {
        try await withSessions { connection, observer in
            let asking = Task<String?, Never> {
                await failureKind { try await connection.query("select pg_sleep(600)") }
            }
            try await Self.untilActive(true, seenBy: observer)
            asking.cancel()
            #expect(await asking.value == SQLState.queryCanceled)
            try await Self.untilActive(false, seenBy: observer)
            #expect(try await connection.query("select 7::bigint")[0].integer(0) == 7)
        }
    }

    @Test func aStatementOfATaskThatWasCancelledBeforeIsNotSent() async throws {
        try await withSessions { connection, _ in
            let asking = Task<String?, Never> {
                while !Task.isCancelled { await Task.yield() }
                return await failureKind { try await connection.query("select 1") }
            }
            asking.cancel()
            #expect(await asking.value == "abandoned")
        }
    }

    @Test func aStatementThatOthersWaitForIsNotCancelled() async throws {
        try await withSessions { connection, observer in
            try await observer.query("select pg_advisory_lock(7)")
            let asking = Task {
                try await connection.pipeline([Statement("select pg_advisory_lock(7)")], isShared: true).count
            }
            try await Self.untilActive(true, seenBy: observer)
            asking.cancel()
            try await observer.query("select pg_advisory_unlock(7)")
            #expect(try await asking.value == 1)
        }
    }

    @Test func aTransactionOfACancelledTaskIsRolledBack() async throws {
        try await withSessions { connection, observer in
            try await observer.query("create table written (number int)")
            let asking = Task<String?, Never> {
                await failureKind {
                    try await connection.transaction {
                        try await connection.query("insert into written values (1)")
                        try await connection.query("select pg_sleep(600)")
                    }
                }
            }
            let sleeps = """
                select exists (
                  select from pg_stat_activity
                  where datname = current_database() and state = 'active' and query like 'select pg_sleep%')
                """
            while try await !observer.query(sleeps)[0].bool(0) { await Task.yield() }
            asking.cancel()
            #expect(await asking.value == SQLState.queryCanceled)
            let state =
                "select state from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
            #expect(try await observer.query(state)[0].text(0) == "idle")
            #expect(try await observer.query("select count(*) from written")[0].integer(0) == 0)
        }
    }

    @Test func whatTakesLongerThanARequestMayIsCancelled() async throws {
        try await withSessions {
            $0.requestTimeout = .milliseconds(200)
        } _: { connection, observer in
            #expect(await failureKind { try await connection.query("select pg_sleep(600)") } == "connection lost")
            try await Self.untilActive(false, seenBy: observer)
        }
    }

    @Test func theServerEndsAStatementThatTakesTooLong() async throws {
        try await withSessions {
            $0.statementTimeout = .milliseconds(50)
        } _: { connection, _ in
            let failure = await failureKind { try await connection.query("select pg_sleep(600)") }
            #expect(failure == SQLState.queryCanceled)
            try await connection.query("select 1")
        }
    }

    /// Without it a backend works on to the end of its statement, even when its client has gone.
    @Test func theServerLooksWhetherItsClientIsStillThere() async throws {
        try await withSessions { connection, _ in
            let settings = try await connection.query(
                "select current_setting('client_connection_check_interval'), current_setting('statement_timeout')")[0]
            #expect(try settings.text(0) == "2s")
            #expect(try settings.text(1) == "0")
        }
    }
}
