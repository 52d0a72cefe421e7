import Logging
import Metrics
import Postgres

/// Sees projections through events that they cannot take: says so once, and lets them go on when that may help.
struct Stops: Sendable {
    private let target: ConnectionTarget
    private let listener: Listener
    private let metrics: any MetricsFactory
    private let logger: Logger

    init(on target: ConnectionTarget, listener: Listener, metrics: any MetricsFactory, logger: Logger) {
        self.target = target
        self.listener = listener
        self.metrics = metrics
        self.logger = logger
    }

    /// Does `work`; where it stops at an event, does it again when the event has been skipped, the build is no longer
    /// there or no longer what it was, or a growing pause has passed: someone may have mended the build in its place.
    ///
    /// The gauge `footfall_projection_stopped` is 1 meanwhile, and 0 afterwards.
    /// - Parameter state: of the build that is being worked on.
    func waitingThrough(
        _ projection: String, _ state: Build.State, _ work: () async throws -> Void
    ) async throws {
        var pause = Duration.seconds(1)
        var gauge: Gauge?
        defer { gauge?.record(0) }
        while true {
            do { return try await work() } catch let stopped as StoppedAtEvent {
                let labels = [("projection", projection), ("state", state.rawValue)]
                gauge = gauge ?? Gauge(label: "footfall_projection_stopped", dimensions: labels, factory: metrics)
                gauge?.record(1)
                if stopped.isNews { report(stopped) }
                try await wait(until: .now + pause * Double.random(in: 0.5...1), orResolved: stopped)
                pause = min(pause * 2, .seconds(60))
            }
        }
    }

    private func report(_ stopped: StoppedAtEvent) {
        logger.error(
            "projection stopped at an event that it cannot take",
            metadata: [
                "projection": "\(stopped.projection)", "build": "\(stopped.build)", "position": "\(stopped.position)",
                "type": "\(stopped.type)", "stream": "\(stopped.stream)", "sqlstate": "\(stopped.sqlState)",
                "reason": "\(stopped.error)",
            ])
    }

    static let waiting = SQLQuery(
        "is_build_waiting",
        """
        select exists (
          select from projection_failures join projection_builds using (build)
          where build = :build and position = :position and state <> 'retired'
        ) and not exists (select from projection_skips where projection = :projection and position = :position)
          as is_waiting
        """, parameters: ["build": .integer, "position": .integer, "projection": .text],
        columns: ["is_waiting": .bool])

    private func wait(until end: ContinuousClock.Instant, orResolved stopped: StoppedAtEvent) async throws {
        let connection = try await Connection.open(target.named("footfall projector"), logger: logger)
        defer { connection.close() }
        for await _ in listener.signals(on: Projector.buildsChannel) {
            let isWaiting = try await connection.query(
                Self.waiting,
                [
                    "build": .integer(stopped.build), "position": .integer(stopped.position),
                    "projection": .text(stopped.projection),
                ])[0].bool("is_waiting")
            if !isWaiting || ContinuousClock.now >= end { return }
        }
        throw CancellationError()
    }
}
