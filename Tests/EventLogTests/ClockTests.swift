import EventSourcing
import Foundation
import Logging
import Metrics
import TestSupport
import Testing

@testable import EventLog
@testable import Postgres

/// What becomes of times in the log where the clock of the database's server is set.
@Suite(.timeLimit(.minutes(3))) struct ClockTests {
    private struct Site {
        let log: PostgresEventLog
        let pool: Pool
        let target: ConnectionTarget

        func append(_ type: String = "E") async throws -> Appended {
            let outcome = try await log.append(Append(to: "a", events: [event(type)]))
            guard case .appended(let appended) = outcome else { throw CancellationError() }
            return appended
        }

        /// As if the last event had been recorded, and the log been read, while the clock was ahead by so much.
        func moveLast(_ count: Int, by time: Duration) async throws {
            try await pool.withConnection { connection in
                try await connection.script("alter table events disable trigger user")
                try await connection.query(
                    """
                    update events set recorded_at = recorded_at + $2 * interval '1 second'
                    where position > (select position from log_head) - $1
                    """, [.integer(Int64(count)), .double(time / .seconds(1))])
                try await connection.query(
                    "update log_head set recorded_at = recorded_at + $1 * interval '1 second'",
                    [.double(time / .seconds(1))])
                try await connection.script("alter table events enable trigger user")
            }
        }

        func positionAt(_ time: Timestamp) async throws -> Int64 {
            try await pool.query("select position_at($1)", [.timestamp(time.microseconds)])[0].integer(0)
        }

        var now: Timestamp {
            get async throws {
                Timestamp(microseconds: try await pool.query("select clock_timestamp()")[0].timestamp(0))
            }
        }
    }

    private func withSite(_ body: @Sendable (Site) async throws -> Void) async throws {
        try await TestCluster.shared.withDatabase { target in
            try await withPostgresLog(target) { log, pool in
                try await body(Site(log: log, pool: pool, target: target))
            }
        }
    }

    private static let days = Duration.seconds(400 * 86_400)

    @Test func aJumpForwardEndsWithTheNextEvent() async throws {
        try await withSite { site in
            let began = try await site.now
            _ = try await site.append()
            let before = try await site.append()
            _ = try await site.append("Ahead")
            let ahead = try await site.append("Ahead")
            try await site.moveLast(2, by: Self.days)
            let after = try await site.append()
            let last = try await site.append()
            let now = try await site.now
            #expect(after.recordedAt <= now)
            #expect(last.recordedAt >= after.recordedAt && last.recordedAt <= now)

            let jumps = try await site.log.clockJumps()
            #expect(jumps.map(\.positions) == [3...4])
            #expect(ahead.positions.upperBound == 4)
            // In the order of time they stand where the clock was right again.
            #expect(try await site.positionAt(now) == 6)
            #expect(try await site.positionAt(before.recordedAt) == 2)
            #expect(try await site.positionAt(after.recordedAt) == 5)
            let events = try await site.log.read(after: 0, limit: 10)
            #expect(events.filter { jumps.loggedAt($0) <= before.recordedAt }.map(\.position) == [1, 2])
            #expect(events.map(jumps.loggedAt) == events.map(jumps.loggedAt).sorted())

            let trail = AuditTrail(pool: site.pool)
            func audit(_ from: Timestamp, _ to: Timestamp, actor: String? = nil) async throws -> [Int64] {
                let filter = AuditTrail.Filter(from: from, to: to)
                return try await trail.page(filter, after: 0, limit: 100).entries.map(\.position)
            }
            #expect(try await audit(began, now + .seconds(1)) == [1, 2, 3, 4, 5, 6])
            #expect(try await audit(began, before.recordedAt) == [1])
            // The trail is complete and unaltered.
            #expect(try await Verifier(on: site.target, logger: .silent).run().events == 6)
        }
    }

    @Test func jumpsWithinAJumpEndWithIt() async throws {
        try await withSite { site in
            let before = try await site.append()
            _ = try await site.append()
            try await site.moveLast(1, by: Self.days * 2)
            // The clock goes back, and is still ahead.
            try await site.pool.query(
                "select settle_clock(clock_timestamp() + $1 * interval '1 second')", [.double(Self.days / .seconds(1))])
            _ = try await site.log.append(Append(to: "a", events: [event("E")]))
            try await site.moveLast(1, by: .zero)
            let after = try await site.append()
            let now = try await site.now
            #expect(after.recordedAt <= now)
            let (events, jumps) = (try await site.log.read(after: 0, limit: 10), try await site.log.clockJumps())
            let times = events.map(jumps.loggedAt)
            #expect(times == times.sorted())
            #expect(times.last.map { $0 <= now } == true)
            #expect(try await site.positionAt(before.recordedAt) == 1)
            #expect(try await site.positionAt(now) == 4)
        }
    }

    /// A log whose last events lie in the two hours that the clock went back.
    @Test(arguments: [false, true])
    func aClockThatIsBehindIsWaitedFor(_ isOld: Bool) async throws {
        try await withSite { site in
            for _ in 0..<40 { _ = try await site.append() }
            try await site.pool.withConnection { connection in
                try await connection.script("alter table events disable trigger user")
                // An event every four minutes; or all within the time that is yet to come.
                try await connection.query(
                    """
                    update events
                    set recorded_at = now() + interval '2 hours' - (40 - position) * $1 * interval '1 minute'
                    """, [.double(isOld ? 4 : 1)])
                try await connection.script(
                    """
                    update log_head set recorded_at = (select max(recorded_at) from events);
                    alter table events enable trigger user;
                    """)
            }
            let last = try #require(try await site.log.read(after: 39, limit: 1).first)
            let next = try await site.append()
            #expect(next.recordedAt == last.recordedAt)
            #expect(try await site.log.clockJumps() == [])
            #expect(try await site.positionAt(last.recordedAt) == 41)
        }
    }

    @Test func aSmallStepBackIsWaitedFor() async throws {
        try await withSite { site in
            _ = try await site.append()
            let last = try await site.append()
            try await site.moveLast(1, by: .milliseconds(500))
            let next = try await site.append()
            #expect(next.recordedAt >= last.recordedAt)
            #expect(try await site.log.clockJumps() == [])
        }
    }

    @Test func whatIsAlteredIsFoundBesideAJump() async throws {
        try await withSite { site in
            for _ in 0..<4 { _ = try await site.append() }
            try await site.moveLast(1, by: Self.days)
            _ = try await site.append()
            #expect(try await Verifier(on: site.target, logger: .silent).run().events == 5)
            try await site.pool.withConnection { connection in
                try await connection.script(
                    """
                    alter table events disable trigger user;
                    update events set recorded_at = '2001-01-01Z' where position = 3;
                    """)
            }
            await #expect(throws: Verifier.Finding.self) {
                try await Verifier(on: site.target, logger: .silent).run()
            }
        }
    }

    // Keys.

    private static let day = Duration.seconds(86_400)

    private func claim(_ log: PostgresEventLog) async throws -> RequestState {
        try await log.claim("r", fingerprint: "f", lease: .seconds(60), keeping: Self.day)
    }

    /// As if that much had passed by the clock, or by the processes' own.
    private func age(_ site: Site, clock: Duration = .zero, passed: Duration = .zero) async throws {
        let time: [Parameter] = [.double(clock / .seconds(1)), .integer(Int64(passed / .microseconds(1)))]
        try await site.pool.query(
            """
            update idempotent_requests
            set
              created_at = created_at - $1 * interval '1 second', leased_until = leased_until - $1 * interval '1 second',
              created_after = created_after - $2, claimed_after = claimed_after - $2
            """, time)
    }

    @Test func aKeyIsNotForgottenByTheClockAlone() async throws {
        try await withSite { site in
            guard case .claimed(let claim) = try await claim(site.log) else { throw CancellationError() }
            try await site.log.finish(claim, answer: [7])
            try await age(site, clock: Self.days)
            #expect(try await self.claim(site.log) == .answered([7]))
            #expect(try await site.log.clear(olderThan: Self.day, limit: 10) == 0)
            try await age(site, passed: Self.day)
            #expect(try await site.log.clear(olderThan: Self.day, limit: 10) == 1)
        }
    }

    @Test func aClaimRunsOutByThePassingOfTimeWhereTheClockWentBack() async throws {
        try await withSite { site in
            guard case .claimed = try await claim(site.log) else { throw CancellationError() }
            try await age(site, clock: .zero - .seconds(7200))
            #expect(try await claim(site.log) == .running)
            try await age(site, passed: .seconds(61))
            guard case .claimed = try await claim(site.log) else {
                Issue.record("the claim is held")
                return
            }
        }
    }

    @Test func aReleasedClaimIsFreeWhateverTheClockSays() async throws {
        try await withSite { site in
            guard case .claimed(let first) = try await claim(site.log) else { throw CancellationError() }
            let append = Append(to: "a", events: [event("E")], metadata: EventMetadata(request: first))
            #expect(try await site.log.append(append).isAppended)
            try await site.log.release(first)
            try await age(site, clock: .zero - .seconds(7200))
            guard case .claimed(let second) = try await claim(site.log) else {
                Issue.record("the claim is held")
                return
            }
            #expect(second.done != nil)
        }
    }

    @Test func timePassesByTheClockOfWhoeverKnowsMost() async throws {
        try await withSite { site in
            func pass(_ microseconds: Int64?) async throws -> Int64 {
                try await site.pool.query("select pass_time($1)", [.integer(microseconds)])[0].integer(0)
            }
            let start = try await pass(nil)
            #expect(start == 0)
            #expect(try await pass(5_000_000) == 5_000_000)
            #expect(try await pass(nil) == 5_000_000)
            // Another process that looked earlier adds nothing, and less than a second is not written.
            #expect(try await pass(3_000_000) == 5_000_000)
            #expect(try await pass(5_500_000) == 5_500_000)
            #expect(try await pass(nil) == 5_000_000)
        }
    }

    // What is told.

    private func look(
        _ clock: Int64, _ at: ContinuousClock.Instant, recorded: Int64 = 0, jumps: Int64 = 0
    ) -> ClockWatch.Look {
        ClockWatch.Look(
            clock: Timestamp(microseconds: clock * 1_000_000), at: at,
            recordedAt: Timestamp(microseconds: recorded * 1_000_000), jumps: jumps)
    }

    @Test func aClockThatWasSetIsNoticed() {
        let began = ContinuousClock.now
        let first = look(100, began)
        #expect(look(105, began + .seconds(5)).jump(since: first) == nil)
        #expect(look(3605, began + .seconds(5)).jump(since: first) == .seconds(3500))
        #expect(look(45, began + .seconds(5)).jump(since: first) == .seconds(-60))
    }

    @Test func jumpsAreWarningsAndMetrics() async throws {
        try await withSite { site in
            let record = LogRecord()
            let watch = ClockWatch(pool: site.pool, logger: record.logger)
            let began = ContinuousClock.now
            func warnings() -> Int { record.lines.count { $0.level == .warning } }
            watch.report(look(100, began, recorded: 99), after: nil)
            watch.report(look(105, began + .seconds(5), recorded: 104), after: look(100, began, recorded: 99))
            #expect(warnings() == 0)
            watch.report(look(45, began + .seconds(5), recorded: 104), after: look(100, began, recorded: 99))
            #expect(warnings() == 2)
            watch.report(look(105, began + .seconds(5), jumps: 1), after: look(100, began))
            #expect(warnings() == 3)
            let found = try await watch.look()
            #expect(found.jumps == 0)
            #expect(found.ahead == .zero)
        }
    }
}
