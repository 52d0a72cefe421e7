import Counting
import EventSourcing
import Testing

/// What the rows of `camera_metrics` say.
@Suite struct CameraMetricsMeaningTests {
    @Test(arguments: [UInt64(33), 34])
    func metricsAreTheSumsOfHeartbeats(_ seed: UInt64) async throws {
        try await Meaning.withRows(of: "camera_metrics", seed: seed) { rows, events in
            var expected: [[Int64]: JSONObject] = [:]
            for event in events where event.type == Heartbeat.eventType {
                let heartbeat = try Heartbeat(event)
                let start = heartbeat.observedAt.instant.microseconds / 300_000_000 * 300_000_000
                let key = [heartbeat.cameraID.number, start]
                var row =
                    expected[key] ?? [
                        "camera_id": .integer(heartbeat.cameraID.number),
                        "bucket_start": .string(Timestamp(microseconds: start).rfc3339), "heartbeats": 0, "online": 0,
                        "errors": 0, "frames_dropped": 0, "response_times": 0, "response_time_us_sum": 0,
                        "fps_values": 0, "fps_milli_sum": 0, "quality_values": 0, "quality_milli_sum": 0,
                    ]
                func add(_ name: String, _ value: Int64) { row[name] = .integer((row[name]?.integer ?? 0) + value) }
                func thousandths(_ value: Double) -> Int64 { Int64((value * 1000).rounded(.toNearestOrEven)) }
                add("heartbeats", 1)
                if heartbeat.status == .online { add("online", 1) }
                if heartbeat.status == .error || heartbeat.errorMessage != nil { add("errors", 1) }
                add("frames_dropped", heartbeat.framesDropped?.count ?? 0)
                if let time = heartbeat.responseTime.map({ thousandths($0.value) }) {
                    add("response_times", 1)
                    add("response_time_us_sum", time)
                    row["response_time_us_max"] = .integer(max(row["response_time_us_max"]?.integer ?? 0, time))
                }
                if let fps = heartbeat.fps.map({ thousandths($0.value) }) {
                    add("fps_values", 1)
                    add("fps_milli_sum", fps)
                    row["fps_milli_min"] = .integer(min(row["fps_milli_min"]?.integer ?? .max, fps))
                }
                if let quality = heartbeat.streamQuality.map({ thousandths($0.value) }) {
                    add("quality_values", 1)
                    add("quality_milli_sum", quality)
                }
                expected[key] = row
            }
            #expect(rows.count == expected.count)
            for row in rows {
                let start = try #require(Meaning.instant(row["bucket_start"])).microseconds
                Meaning.expect(row, try #require(expected[[row["camera_id"]?.integer ?? 0, start]]))
            }
        }
    }
}
