import TestSupport
import Testing

@testable import Postgres

@Suite(.timeLimit(.minutes(5))) struct ListenerTests {
    private func withListener(
        pollInterval: Duration, _ body: @Sendable (Listener, Connection) async throws -> Void
    ) async throws {
        try await TestCluster.shared.withDatabase(migrated: false) { target in
            let listener = Listener(
                target.named("listener"), channels: ["one", "Two \"quoted\""], pollInterval: pollInterval,
                logger: .silent)
            let connection = try await Connection.open(target, logger: .silent)
            defer { connection.close() }
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await listener.run() }
                // With LISTEN in force, its session shows the statement as its last one.
                while try await connection.query(
                    "select from pg_stat_activity where application_name = 'listener' and query like 'listen%Two%' and state = 'idle'"
                ).isEmpty {}
                try await body(listener, connection)
                group.cancelAll()
            }
        }
    }

    @Test(arguments: ["one", "Two \"quoted\""])
    func aNotificationSignalsEverySubscriberOfItsChannel(_ channel: String) async throws {
        try await withListener(pollInterval: .seconds(3600)) { listener, connection in
            var first = listener.signals(on: channel).makeAsyncIterator()
            var second = listener.signals(on: channel).makeAsyncIterator()
            // The signal with which every subscription begins.
            await first.next()
            await second.next()
            try await connection.query("select pg_notify($1, '')", [.text(channel)])
            #expect(await first.next() != nil)
            #expect(await second.next() != nil)
        }
    }

    @Test func aLostConnectionIsMadeAgainAndSignalsEveryone() async throws {
        try await withListener(pollInterval: .seconds(3600)) { listener, connection in
            var signals = listener.signals(on: "one").makeAsyncIterator()
            await signals.next()
            try await connection.query(
                "select pg_terminate_backend(pid, 60000) from pg_stat_activity where application_name = 'listener'")
            #expect(await signals.next() != nil)
        }
    }

    @Test func withoutAnyNotificationThePollSignals() async throws {
        try await withListener(pollInterval: .milliseconds(10)) { listener, _ in
            var signals = listener.signals(on: "never notified").makeAsyncIterator()
            for _ in 0..<5 { #expect(await signals.next() != nil) }
        }
    }

    @Test func signalsEndWhenTheListenerStops() async throws {
        let listener = Listener(ConnectionTarget("host=/nonexistent"), channels: [], logger: .silent)
        let task = Task { await listener.run() }
        var signals = listener.signals(on: "one").makeAsyncIterator()
        task.cancel()
        while await signals.next() != nil {}
        #expect(await listener.signals(on: "one").first { _ in true } == nil)
    }
}
