import HTTPTypes
import Metrics

/// Counts requests by the class of their status, and adds up how long they took until their answer's head was there:
/// `footfall_http_requests_total` by `status` (`2xx` …) and `footfall_http_request_duration_seconds`.
struct RequestMetrics: Sendable {
    private let counters: [Counter]
    private let duration: Timer

    init(_ metrics: any MetricsFactory) {
        counters = (1...5).map {
            Counter(label: "footfall_http_requests_total", dimensions: [("status", "\($0)xx")], factory: metrics)
        }
        duration = Timer(label: "footfall_http_request_duration_seconds", dimensions: [], factory: metrics)
    }

    func count(_ status: HTTPResponse.Status, took time: Duration) {
        let index = status.code / 100 - 1
        if counters.indices.contains(index) { counters[index].increment() }
        duration.recordNanoseconds(Int64(time / .nanoseconds(1)))
    }
}
