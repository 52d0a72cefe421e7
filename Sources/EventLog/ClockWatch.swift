import EventSourcing
import Logging
import Metrics
import Postgres

/// Looks whether the clock of the database's server jumps, against this process's monotonic clock, and whether the log is
/// ahead of it; says so where it is, and shows it as metrics.
package struct ClockWatch: Sendable {
    /// What is less is how clocks are set right all the time.
    static let tolerance = Duration.seconds(1)
    private static let pause = Duration.seconds(5)

    /// The clock and the log at one moment.
    package struct Look: Sendable {
        /// The server's clock.
        let clock: Timestamp
        let at: ContinuousClock.Instant
        /// The last event's time.
        let recordedAt: Timestamp
        /// How often the clock was set right after it had been ahead while events were recorded.
        let jumps: Int64

        package init(clock: Timestamp, at: ContinuousClock.Instant, recordedAt: Timestamp, jumps: Int64) {
            self.clock = clock
            self.at = at
            self.recordedAt = recordedAt
            self.jumps = jumps
        }

        /// By how much the log is ahead of the clock.
        var ahead: Duration { max(.zero, recordedAt - clock) }

        /// By how much the clock was set since an earlier look; nil where it was not.
        package func jump(since earlier: Look) -> Duration? {
            let jump = (clock - earlier.clock) - earlier.at.duration(to: at)
            return jump.magnitude > ClockWatch.tolerance ? jump : nil
        }
    }

    private let pool: Pool
    private let logger: Logger
    private let counter: Counter
    private let gauge: Gauge

    package init(pool: Pool, metrics: any MetricsFactory = MetricsSystem.factory, logger: Logger) {
        self.pool = pool
        self.logger = logger
        counter = Counter(label: "footfall_clock_jumps_total", dimensions: [], factory: metrics)
        gauge = Gauge(label: "footfall_log_ahead_seconds", dimensions: [], factory: metrics)
        counter.increment(by: 0)
        gauge.record(0)
    }

    /// Returns when its task is cancelled.
    package func run() async {
        var last: Look?
        while !Task.isCancelled {
            do {
                let look = try await look()
                report(look, after: last)
                last = look
            } catch {
                logger.debug("cannot look at the server's clock", metadata: ["reason": "\(error)"])
            }
            try? await Task.sleep(for: Self.pause)  // cancellation ends the loop
        }
    }

    package func look() async throws -> Look {
        let began = ContinuousClock.now
        let row = try await pool.query(Self.clock.statement())[0]
        return Look(
            clock: Timestamp(microseconds: try row.timestamp("clock")), at: began,
            recordedAt: Timestamp(microseconds: try row.timestamp("recorded_at")), jumps: try row.integer("jumps"))
    }

    static let clock = SQLQuery(
        "clock_and_log",
        """
        select
          clock_timestamp() as clock, greatest(recorded_at, '2000-01-01Z') as recorded_at,
          (select count(*) from clock_jumps) as jumps
        from log_head
        """, columns: ["clock": .timestamp, "recorded_at": .timestamp, "jumps": .integer])

    /// Tells what has happened since the last look.
    package func report(_ look: Look, after last: Look?) {
        gauge.record(look.ahead / .seconds(1))
        guard let last else {
            if look.ahead > Self.tolerance { warnOfLog(look) }
            return
        }
        let events = look.jumps - last.jumps
        let jump = look.jump(since: last)
        if jump != nil || events > 0 { counter.increment(by: max(events, 1)) }
        if let jump {
            logger.warning(
                "the clock of the database's server was set",
                metadata: ["seconds": .stringConvertible(jump / .seconds(1)), "clock": "\(look.clock)"])
        }
        if events > 0 {
            logger.warning(
                "events were recorded while the clock of the database's server was ahead; see the table clock_jumps")
        }
        if look.ahead > Self.tolerance, last.ahead <= Self.tolerance { warnOfLog(look) }
    }

    private func warnOfLog(_ look: Look) {
        logger.warning(
            """
            the clock of the database's server is behind the log; until it catches up, events are recorded at the last \
            one's time
            """, metadata: ["seconds": .stringConvertible(look.ahead / .seconds(1))])
    }
}

extension Duration {
    fileprivate var magnitude: Duration { self < .zero ? .zero - self : self }
}
