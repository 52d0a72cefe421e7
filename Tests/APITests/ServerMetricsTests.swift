import Metrics
import Testing

@testable import API

@Suite struct ServerMetricsTests {
    @Test func everyKindIsWrittenAsPrometheusReadsIt() {
        let metrics = PrometheusMetrics()
        Counter(label: "b_total", dimensions: [("to", "x")], factory: metrics).increment(by: 3)
        Counter(label: "b_total", dimensions: [("to", "x")], factory: metrics).increment()
        FloatingPointCounter(label: "f_total", factory: metrics).increment(by: 0.25)
        Gauge(label: "a-lag", dimensions: [("path", #"C:\"x"\#n"#)], factory: metrics).record(-7)
        Meter(label: "m", factory: metrics).set(Double.infinity)
        let timer = Timer(label: "t_seconds", dimensions: [], factory: metrics)
        timer.recordSeconds(2)
        timer.recordMilliseconds(500)
        #expect(
            metrics.text == #"""
                # TYPE a_lag gauge
                a_lag{path="C:\\\"x\"\n"} -7
                # TYPE b_total counter
                b_total{to="x"} 4
                # TYPE f_total counter
                f_total 0.25
                # TYPE m gauge
                m +Inf
                # TYPE t_seconds summary
                t_seconds_sum 2.5
                t_seconds_count 2

                """#)
    }

    @Test func whatAllHaveDestroyedIsGone() {
        let metrics = PrometheusMetrics()
        let (one, other) = (Gauge(label: "lag", factory: metrics), Gauge(label: "lag", factory: metrics))
        one.record(1)
        one.destroy()
        #expect(metrics.text.contains("lag 1"))
        other.destroy()
        #expect(metrics.text.isEmpty)
    }

    @Test func labelsWithoutBoundsDoNotFillTheMemory() {
        let metrics = PrometheusMetrics()
        for number in 0..<PrometheusMetrics.maximumSeries + 5 {
            Counter(label: "x_total", dimensions: [("n", "\(number)")], factory: metrics).increment()
        }
        #expect(metrics.text.split(separator: "\n").count == PrometheusMetrics.maximumSeries + 1)
        // A name is of one kind.
        let few = PrometheusMetrics()
        Counter(label: "y", factory: few).increment()
        Gauge(label: "y", dimensions: [("a", "b")], factory: few).record(1)
        #expect(few.text == "# TYPE y counter\ny 1\n")
    }

    @Test func requestsAreCounted() async throws {
        try await withCommands { api in
            for _ in 0..<3 { _ = try await api.get("/health/live") }
            try await api.get("/nothing").expectProblem(404, "route_not_found")
            let answer = try await api.get("/metrics")
            #expect(answer.status == 200)
            #expect(answer.headers[.contentType] == "text/plain; version=0.0.4; charset=utf-8")
            let lines = answer.body.split(separator: "\n")
            #expect(lines.contains(#"footfall_http_requests_total{status="2xx"} 3"#))
            #expect(lines.contains(#"footfall_http_requests_total{status="4xx"} 1"#))
            #expect(lines.contains("footfall_http_request_duration_seconds_count 4"))
        }
    }
}
