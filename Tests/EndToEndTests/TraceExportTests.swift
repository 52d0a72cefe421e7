import EventSourcing
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5))) struct TraceExportTests {
    @Test func spansOfTheServerReachTheCollectorUntilItStops() async throws {
        try await Collector.run(Collector.answer("200 OK", "{}")) { collector in
            try await withFolder { folder in
                let server = try await Footfall.up(
                    in: folder, ["--no-worker"], environment: ["FOOTFALL_OTLP_ENDPOINT": collector.endpoint])
                let camera: JSON = [
                    "name": "Door", "stream_url": "rtsp://10.0.0.1/x", "stream_type": "rtsp",
                    "lines": [["name": "door", "from": [0, 0.5], "to": [1, 0.5], "inside": [0.5, 0.9]]],
                ]
                #expect(try await server.post("/cameras", camera).status == .created)
                let summary = try await server.get("/cameras/health/summary?min_position=1")
                #expect(summary.status == .ok)
                #expect(await server.stop() == 0)
            }
            let names = collector.requests.flatMap { Self.names(in: $0.body) }
            for name in ["/api/v1/cameras", "append", "apply camera_state"] { #expect(names.contains(name), "\(name)") }
        }
    }

    private static func names(in request: JSON) -> [String] {
        let resources = request["resourceSpans"]?.array ?? []
        let scopes = resources.flatMap { $0["scopeSpans"]?.array ?? [] }
        return scopes.flatMap { $0["spans"]?.array ?? [] }.compactMap { $0["name"]?.string }
    }
}
