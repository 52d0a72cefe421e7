import Counting
import Metrics

/// Counts the readings that workers say were lost, as their heartbeats are recorded: `footfall_readings_refused_total` and
/// `footfall_readings_given_up_total`.
struct LossMetrics: Sendable {
    private let refused: Counter
    private let givenUp: Counter

    init(_ metrics: any MetricsFactory) {
        refused = Counter(label: "footfall_readings_refused_total", dimensions: [], factory: metrics)
        givenUp = Counter(label: "footfall_readings_given_up_total", dimensions: [], factory: metrics)
    }

    func count(_ heartbeat: Heartbeat) {
        if let refused = heartbeat.readingsRefused { self.refused.increment(by: refused.count) }
        if let givenUp = heartbeat.readingsGivenUp { self.givenUp.increment(by: givenUp.count) }
    }
}
