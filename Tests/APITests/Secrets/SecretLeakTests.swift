import EventSourcing
import Metrics
import Postgres
import Resilience
import TestSupport
import Testing

/// Requests of every kind with secrets in them, and all that anybody can see of it.
@Suite(.timeLimit(.minutes(5))) struct SecretLeakTests {
    private static let markers = ["marker-pw", "marker-cfg", "marker-key", "marker-path", "marker-query"]

    @Test func noAnswerLogTrailOrMetricShowsASecret() async throws {
        let log = LogRecord()
        let metrics = SeenMetrics()
        // Anyone who makes a metric below uses this factory, as in a program that sends its metrics somewhere.
        try await withMetricsFactory(metrics) { try await leak(log, metrics) }
    }

    private func leak(_ log: LogRecord, _ metrics: SeenMetrics) async throws {
        try await withAPI(circuits: [CircuitBreaker("probe")], logger: log.logger) { api in
            var seen: [String] = []
            func note(_ answer: Answer) { seen.append("\(answer.status) \(answer.headers) \(answer.body)") }
            let config = #","security_config":{"marker-key":"marker-cfg"}"#
            let good = SecretTests.camera("u:marker-pw", config).replacing(
                "/s\"", with: "/marker-path?pwd=marker-query\"")
            note(try await api.post("/cameras", good))
            let bad = [
                good.replacing("rtsp://", with: "ftp://"), good.replacing("10.0.0.5", with: "10.0.0.5:99999"),
                good.replacing("@10.0.0.5", with: "@"), good.replacing("Entrance", with: "E"),
                good.replacing("marker-pw", with: "marker pw marker-pw"),
                String(good.dropLast()), good.replacing("\"security_config\":", with: "\"colour\":"),
                good.replacing(#"{"marker-key":"marker-cfg"}"#, with: #""marker-cfg""#),
                good.replacing("marker-cfg", with: String(repeating: "marker-cfg", count: 2000)),
                good.replacing("=marker-query", with: "=marker-query" + String(repeating: "s", count: 3000)),
                good.replacing("marker-pw", with: "marker/pw@x:marker-pw"),
                good.replacing("marker-pw", with: "x#marker-pw"),
                good.replacing("/marker-path", with: "/***/marker-path"),
            ]
            for body in bad {
                note(try await api.post("/cameras", body))
                note(try await api.put("/cameras/1", body, ifMatch: "*"))
            }
            #expect(seen.count { $0.hasPrefix("4") } == 2 * bad.count, "\(seen)")
            note(try await api.post("/cameras/1/start"))
            note(try await api.put("/cameras/1", good.replacing("marker-pw", with: "marker-pw2"), ifMatch: "\"1\""))
            note(try await api.put("/cameras/1", good.replacing("marker-pw", with: "marker-pw2"), ifMatch: "*"))
            note(try await api.put("/cameras/77", good, ifMatch: "*"))
            note(try await api.put("/cameras/1", good, ifMatch: nil))
            note(try await api.patch("/cameras/1/status", #"{"status":"maintenance"}"#, ifMatch: "*"))
            let last = try await api.post("/cameras/1/start")
            last.expectProblem(409, "camera_in_maintenance")
            note(last)
            let head = try await api.log.head()
            for path in [
                "/cameras/1?min_position=\(head)", "/cameras", "/cameras/1/history", "/cameras/1?version=1", "/audit",
                "/audit?camera_id=1", "/projections", "/cameras/1/health", "/health/ready",
            ] { note(try await api.get(path)) }
            // A projection stops at something that is no secret, beside secrets.
            let broken =
                #"{"camera_id":1,"observed_at":"2026-03-29T10:00:00Z","line":"door","class":"person","#
                + #""count_in":"many","count_out":0}"#
            _ = try await api.log.append(
                Append(
                    to: "telemetry-1", expecting: .exists,
                    events: [NewEvent(type: "CountReadingRecorded", data: Array(broken.utf8))]))
            while !metrics.all.contains(where: { $0.hasPrefix("footfall_projection_stopped") }) { await Task.yield() }
            note(try await api.get("/projections"))
            // The database fails while a secret is kept.
            try await #require(api.pool).query("alter table camera_secrets rename to hidden")
            let failed = try await api.post("/cameras", good.replacing("marker-pw", with: "marker-pw3"))
            #expect(failed.status >= 500, "\(failed.body)")
            note(failed)
            note(try await api.delete("/cameras/1", ifMatch: "*"))
            for marker in Self.markers {
                #expect(seen.filter { $0.contains(marker) } == [])
                #expect(log.lines.filter { "\($0)".contains(marker) }.isEmpty)
                #expect(metrics.all.filter { $0.contains(marker) } == [])
            }
            #expect(!log.lines.isEmpty)
            for label in ["footfall_build_position", "footfall_projection_stopped", "footfall_circuit_state"] {
                #expect(metrics.all.contains { $0.hasPrefix(label) }, "\(metrics.all)")
            }
        }
    }
}
