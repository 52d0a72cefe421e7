import Logging
import Metrics
import Postgres
import Resilience

/// Shows every build there is as gauges, renewed about once a second: `footfall_build_position` and `footfall_build_lag`
/// (events that it has yet to apply), by `projection`, `build` and `state` (building, indexing, active or retired).
struct BuildGauges: Sendable {
    private struct Stage: Hashable {
        let projection: String
        let build: Int64
        let state: String
    }

    private struct Gauges {
        let position: Gauge
        let lag: Gauge

        init(_ stage: Stage, _ metrics: any MetricsFactory) {
            let labels = [("projection", stage.projection), ("build", "\(stage.build)"), ("state", stage.state)]
            position = Gauge(label: "footfall_build_position", dimensions: labels, factory: metrics)
            lag = Gauge(label: "footfall_build_lag", dimensions: labels, factory: metrics)
        }

        func destroy() {
            position.destroy()
            lag.destroy()
        }
    }

    static let stages = SQLQuery(
        "stages_of_builds", "select projection, build, state, position, lag from read.projections",
        columns: ["projection": .text, "build": .integer, "state": .text, "position": .integer, "lag": .integer])

    let target: ConnectionTarget
    let listener: Listener
    let metrics: any MetricsFactory
    let logger: Logger

    /// Returns when its task is cancelled or the listener stops.
    func run() async {
        await retrying("showing builds as gauges", logger: logger) {
            let connection = try await Connection.open(target.named("footfall gauges"), logger: logger)
            defer { connection.close() }
            var shown: [Stage: Gauges] = [:]
            defer { for gauges in shown.values { gauges.destroy() } }
            for await _ in listener.signals(on: Projector.buildsChannel) {
                let rows = try await connection.query(Self.stages)
                var gone = shown
                for row in rows {
                    let stage = Stage(
                        projection: try row.text("projection"), build: try row.integer("build"),
                        state: try row.text("state"))
                    let gauges = shown[stage] ?? Gauges(stage, metrics)
                    shown[stage] = gauges
                    gone[stage] = nil
                    gauges.position.record(try row.integer("position"))
                    gauges.lag.record(try row.integer("lag"))
                }
                for (stage, gauges) in gone {
                    gauges.destroy()
                    shown[stage] = nil
                }
            }
        }
    }
}
