import Counting
import EventSourcing
import Testing

/// What the rows of `health_summary` say.
@Suite struct HealthMeaningTests {
    @Test(arguments: [UInt64(25), 26])
    func healthIsThatOfTheHeartbeatObservedLast(_ seed: UInt64) async throws {
        try await Meaning.withRows(of: "health_summary", seed: seed) { rows, events in
            var cameras: [Int64: CameraHealth] = [:]
            for event in events {
                let id = try JSON.parse(event.data)["camera_id"]?.integer ?? 0
                switch event.type {
                case "CameraRegistered": cameras[id] = CameraHealth(position: event.position)
                case "CameraRemoved": cameras[id] = nil
                case Heartbeat.eventType: cameras[id]?.take(try Heartbeat(event), at: event.position)
                default: break
                }
            }
            #expect(rows.count == cameras.count)
            for row in rows {
                let id = try #require(row["camera_id"]?.integer)
                var expected = try #require(cameras[id]?.row)
                expected["camera_id"] = .integer(id)
                Meaning.expect(row, expected)
            }
        }
    }

    private struct CameraHealth {
        var position: Int64
        var latest: Heartbeat?
        var latestError: Heartbeat?
        var first: Timestamp?
        var upMilliseconds: Int64 = 0
        var heartbeats: Int64 = 0
        var errors: Int64 = 0
        var framesDropped: Int64 = 0

        init(position: Int64) { self.position = position }

        /// - Parameter position: the log's. Of two heartbeats of one instant, the one recorded later is the latest.
        mutating func take(_ heartbeat: Heartbeat, at position: Int64) {
            let observedAt = heartbeat.observedAt.instant
            if let latest, heartbeat.status == .online {
                let gap = (observedAt.microseconds - latest.observedAt.instant.microseconds) / 1000
                upMilliseconds += max(0, min(gap, 90_000))
            }
            if heartbeat.status == .error || heartbeat.errorMessage != nil {
                errors += 1
                if latestError.map({ $0.observedAt.instant <= observedAt }) ?? true { latestError = heartbeat }
            }
            if latest.map({ $0.observedAt.instant <= observedAt }) ?? true { latest = heartbeat }
            first = first.map { min($0, observedAt) } ?? observedAt
            heartbeats += 1
            framesDropped += heartbeat.framesDropped?.count ?? 0
            self.position = position
        }

        var row: JSONObject {
            var row: JSONObject = [
                "status": "offline", "up_ms": .integer(upMilliseconds), "heartbeats": .integer(heartbeats),
                "error_count": .integer(errors), "frames_dropped": .integer(framesDropped),
                "position": .integer(position),
            ]
            if let first { row["first_heartbeat"] = .string(first.rfc3339) }
            if let latest {
                row["last_heartbeat"] = .string(latest.observedAt.instant.rfc3339)
                let kept = [
                    "status", "response_time_ms", "stream_quality_score", "fps", "decode_time_ms",
                    "inference_time_ms", "cpu_usage", "memory_usage", "network_bandwidth",
                ]
                let said = (try? JSON.parse(latest.event.data).object) ?? [:]
                for member in kept { row[member] = said[member] ?? .null }
            }
            if let latestError {
                row["last_error_timestamp"] = .string(latestError.observedAt.instant.rfc3339)
                row["last_error_message"] = latestError.errorMessage.map { .string($0.text) } ?? .null
            }
            return row
        }
    }
}
