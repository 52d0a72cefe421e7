import Counting
import EventSourcing
import Testing

/// What the rows of `stream_info` say.
@Suite struct StreamInfoMeaningTests {
    @Test(arguments: [UInt64(35), 36])
    func streamsAreAsTheyWereSeenLast(_ seed: UInt64) async throws {
        try await Meaning.withRows(of: "stream_info", seed: seed) { rows, events in
            var expected: [Int64: JSONObject] = [:]
            var failures = 0
            for event in events {
                if event.type == "CameraRemoved" {
                    expected[try #require(JSON.parse(event.data)["camera_id"]?.integer)] = nil
                }
                guard event.type == StreamProbe.eventType else { continue }
                let probe = try StreamProbe(event)
                let id = probe.cameraID.number
                var row = expected[id] ?? ["camera_id": .integer(id)]
                let observedAt = JSON.string(probe.observedAt.instant.rfc3339)
                row["observed_at"] = observedAt
                row["ok"] = .bool(probe.isOpen)
                row["reason"] = probe.reason.map(JSON.string) ?? .null
                row["detail"] = probe.detail.map { .string($0.text) } ?? .null
                row["response_time_ms"] = probe.responseTime.map { .number($0.value) } ?? .null
                if probe.isOpen {
                    row["seen_at"] = observedAt
                    row["codec"] = probe.codec.map(JSON.string) ?? .null
                    row["width"] = probe.width.map(JSON.integer) ?? .null
                    row["height"] = probe.height.map(JSON.integer) ?? .null
                    row["fps"] = probe.fps.map { .number($0.value) } ?? .null
                    row["duration_ms"] = probe.duration.map(JSON.integer) ?? .null
                    row["stream_url"] = probe.url.map(JSON.string) ?? .null
                } else if row["seen_at"] != nil {
                    failures += 1
                }
                expected[id] = row
            }
            // A look that failed leaves what the last picture told.
            #expect(failures > 0)
            #expect(rows.count == expected.count)
            for row in rows { Meaning.expect(row, try #require(row["camera_id"]?.integer.flatMap { expected[$0] })) }
        }
    }
}
