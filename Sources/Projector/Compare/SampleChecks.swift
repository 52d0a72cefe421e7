import EventSourcing
import Logging
import Metrics
import Postgres
import Resilience

/// Goes on comparing read models with the log, one camera by chance at a time, for as long as it runs; one process of
/// all that run it does so.
///
/// Counts in `footfall_projection_checks_total`, by `projection` and `outcome`: `equal`, `different`, `skipped` (the
/// camera has too many events) and `failed`. What differs is a warning in the log, with the row's key.
package struct SampleChecks: Sendable {
    private let definitions: [ProjectionDefinition]
    private let cameras: StreamFamily
    private let target: ConnectionTarget
    private let interval: Duration
    private let metrics: any MetricsFactory
    private let logger: Logger

    /// - Parameters:
    ///   - cameras: the streams of cameras.
    ///   - interval: between two checks of a projection.
    package init(
        _ definitions: [ProjectionDefinition], of cameras: StreamFamily, on target: ConnectionTarget,
        every interval: Duration = .seconds(60),
        metrics: any MetricsFactory = MetricsSystem.factory, logger: Logger
    ) {
        self.definitions = definitions
        self.cameras = cameras
        self.target = target.named("footfall check", requestTimeout: nil)
        self.interval = interval
        self.metrics = metrics
        self.logger = logger
    }

    /// Drops, at first, what comparisons that were killed have left. Returns when its task is cancelled.
    package func run() async {
        await dropLeftovers()
        if definitions.isEmpty { return }
        await retrying("checking read models", logger: logger) {
            let connection = try await Connection.open(target, logger: logger)
            defer { connection.close() }
            try await connection.script("set work_mem = '64MB'; set max_parallel_workers_per_gather = 0")
            var isChosen = false
            while true {
                for definition in definitions {
                    try await Task.sleep(for: interval / definitions.count)
                    if !isChosen { isChosen = try await isAlone(on: connection) }
                    if isChosen { try await check(definition, on: connection) }
                }
            }
        }
    }

    private func dropLeftovers() async {
        do {
            let connection = try await Connection.open(target, logger: logger)
            defer { connection.close() }
            try await Comparison.dropLeftovers(on: connection, logger: logger)
        } catch {
            logger.warning("scratch builds that were left over could not be dropped", metadata: ["reason": "\(error)"])
        }
    }

    private func check(_ definition: ProjectionDefinition, on connection: Connection) async throws {
        do {
            var random = SystemRandomNumberGenerator()
            guard let camera = try await SampleCheck.randomCamera(of: cameras, on: connection, using: &random)
            else { return }
            let check = SampleCheck(definition: definition, cameras: cameras)
            report(try await check.run(camera: camera, on: connection), of: definition)
        } catch {
            count("failed", definition)
            logger.warning(
                "a read model could not be checked",
                metadata: ["projection": "\(definition.name)", "reason": "\(error)"])
            if !connection.isOpen { throw error }
        }
    }

    /// Whether no other process does the checks; it is told by its session's lock, which is kept from here on.
    private func isAlone(on connection: Connection) async throws(PostgresError) -> Bool {
        try await SessionLock(.checks, 0).tryToTake(on: connection)
    }

    func report(_ result: SampleCheck.Result, of definition: ProjectionDefinition) {
        switch result {
        case .nothingToCompare: return
        case .tooLarge(let camera, let events):
            count("skipped", definition)
            logger.debug(
                "a camera has too many events for a check; footfallctl verify --projections compares all",
                metadata: [
                    "projection": "\(definition.name)", "camera": "\(camera)", "events": "\(events)",
                ])
        case .compared(let outcome):
            count(outcome.isEqual ? "equal" : "different", definition)
            for table in outcome.tables where !table.isEqual {
                for sample in table.samples {
                    logger.warning(
                        "a row is not what the log makes of it",
                        metadata: [
                            "projection": "\(definition.name)", "build": "\(outcome.build)",
                            "position": "\(outcome.position)", "table": "\(table.table)",
                            "difference": "\(sample.kind.rawValue)", "key": "\(sample.key?.text ?? "-")",
                            "now": "\(sample.active?.text ?? "-")", "rebuilt": "\(sample.rebuilt?.text ?? "-")",
                        ])
                }
            }
        }
    }

    private func count(_ outcome: String, _ definition: ProjectionDefinition) {
        Counter(
            label: "footfall_projection_checks_total",
            dimensions: [("projection", definition.name), ("outcome", outcome)], factory: metrics
        ).increment()
    }
}
