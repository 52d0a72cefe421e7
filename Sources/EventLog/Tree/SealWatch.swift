import Logging
import Metrics
import Postgres

/// Shows as the gauge `footfall_seal_lag_seconds` for how long the oldest event that is not sealed has waited.
package struct SealWatch: Sendable {
    private static let pause = Duration.seconds(2)

    private let pool: Pool
    private let gauge: Gauge
    private let logger: Logger

    package init(pool: Pool, metrics: any MetricsFactory = MetricsSystem.factory, logger: Logger) {
        self.pool = pool
        self.logger = logger
        gauge = Gauge(label: "footfall_seal_lag_seconds", dimensions: [], factory: metrics)
        gauge.record(0)
    }

    /// Returns when its task is cancelled.
    package func run() async {
        while !Task.isCancelled {
            do { try await look() } catch {
                logger.debug("cannot look at what is sealed", metadata: ["reason": "\(error)"])
            }
            try? await Task.sleep(for: Self.pause)  // cancellation ends the loop
        }
    }

    package func look() async throws {
        gauge.record(try await pool.query(Self.lag.statement())[0].double("seconds"))
    }

    private static let lag = SQLQuery(
        "seal_lag",
        """
        select coalesce((
          select greatest(0, extract(epoch from clock_timestamp() - recorded_at))::float8
          from events
          where position = (select coalesce(max(size), 0) + 1 from seals)
        ), 0) as seconds
        """, columns: ["seconds": .double])

    static let queries = [lag]
}
