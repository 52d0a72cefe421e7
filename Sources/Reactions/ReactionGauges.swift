import Logging
import Metrics
import Postgres
import Resilience

/// Shows every reaction there is as gauges by `reaction`, renewed about once a second: `footfall_reaction_position`,
/// `footfall_reaction_lag` (events that it has yet to look at) and `footfall_reaction_stopped` (1 where it has stopped at
/// an event, or fails otherwise).
struct ReactionGauges: Sendable {
    private struct Gauges {
        let position: Gauge
        let lag: Gauge
        let stopped: Gauge

        init(_ reaction: String, _ metrics: any MetricsFactory) {
            let labels = [("reaction", reaction)]
            position = Gauge(label: "footfall_reaction_position", dimensions: labels, factory: metrics)
            lag = Gauge(label: "footfall_reaction_lag", dimensions: labels, factory: metrics)
            stopped = Gauge(label: "footfall_reaction_stopped", dimensions: labels, factory: metrics)
        }

        func destroy() {
            position.destroy()
            lag.destroy()
            stopped.destroy()
        }
    }

    let target: ConnectionTarget
    let listener: Listener
    let metrics: any MetricsFactory
    let logger: Logger

    /// Returns when its task is cancelled or the listener stops.
    func run() async {
        await retrying("showing reactions as gauges", logger: logger) {
            let connection = try await Connection.open(target.named("footfall gauges"), logger: logger)
            defer { connection.close() }
            var shown: [String: Gauges] = [:]
            defer { for gauges in shown.values { gauges.destroy() } }
            for await _ in listener.signals(on: Reactions.channel) {
                let rows = try await connection.query(
                    """
                    select reaction, position, lag, coalesce(stall in ('event', 'error'), false) as has_failed
                    from read.reactions
                    """)
                var gone = shown
                for row in rows {
                    let reaction = try row.text("reaction")
                    let gauges = shown[reaction] ?? Gauges(reaction, metrics)
                    shown[reaction] = gauges
                    gone[reaction] = nil
                    if let position = try row.optionalInteger("position") { gauges.position.record(position) }
                    if let lag = try row.optionalInteger("lag") { gauges.lag.record(lag) }
                    gauges.stopped.record(try row.bool("has_failed") ? 1 : 0)
                }
                for (reaction, gauges) in gone {
                    gauges.destroy()
                    shown[reaction] = nil
                }
            }
        }
    }
}
