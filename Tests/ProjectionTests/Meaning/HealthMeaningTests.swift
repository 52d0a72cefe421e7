import Counting
import EventSourcing
import Testing

/// What the rows of `health_summary` say.
@Suite struct HealthMeaningTests {
    @Test(arguments: [UInt64(25), 26])
    func healthIsThatOfTheHeartbeatObservedLast(_ seed: UInt64) async throws {
        try await Meaning.withRows(of: "health_summary", seed: seed) { rows, events in
            var cameras: [Int64: CameraHealth] = [:]
            var all: [Int64: [Heartbeat]] = [:]
            for event in events {
                let id = try JSON.parse(event.data)["camera_id"]?.integer ?? 0
                switch event.type {
                case "CameraRegistered": cameras[id] = CameraHealth(position: event.position)
                case "CameraRemoved": cameras[id] = nil
                case Heartbeat.eventType:
                    cameras[id]?.take(try Heartbeat(event), from: event)
                    all[id, default: []].append(try Heartbeat(event))
                default: break
                }
            }
            #expect(rows.count == cameras.count)
            for row in rows {
                let id = try #require(row["camera_id"]?.integer)
                var expected = try #require(cameras[id]?.row)
                expected["camera_id"] = .integer(id)
                let left = CameraHealth.measures.union(["tie", "last_error_message", "clock_offset_ms"])
                Meaning.expect(row.filter { !left.contains($0.key) }, expected)
                let offset = try #require(cameras[id]).arrived?.offset
                // Rounded, not cut off.
                if let offset { #expect(abs((row["clock_offset_ms"]?.integer ?? 0) - offset) <= 1) }
                guard let at = expected["last_heartbeat"].flatMap({ Meaning.instant($0) }) else { continue }
                let latest = (all[id] ?? []).filter { $0.observedAt.instant == at }
                #expect(try latest.contains { try CameraHealth.says(row, $0) })
            }
        }
    }

    private struct CameraHealth {
        var position: Int64
        var latest: Seen?
        var latestError: Seen?
        var heartbeats: Int64 = 0
        var errors: Int64 = 0
        var framesDropped: Int64 = 0
        var readingsRefused: Int64 = 0
        var readingsGivenUp: Int64 = 0
        var arrived: (at: Timestamp, offset: Int64)?

        /// A heartbeat, and when it was seen: one from a clock that ran ahead, when it arrived.
        struct Seen {
            let heartbeat: Heartbeat
            let at: Timestamp

            func isNoLater(than other: Seen) -> Bool {
                (at, heartbeat.observedAt.instant) <= (other.at, other.heartbeat.observedAt.instant)
            }
        }

        init(position: Int64) { self.position = position }

        /// - Parameter event: what recorded it. Two heartbeats of one instant are told apart by the read model alone.
        mutating func take(_ heartbeat: Heartbeat, from event: RecordedEvent) {
            let observedAt = heartbeat.observedAt.instant
            let seen = Seen(heartbeat: heartbeat, at: min(observedAt, event.recordedAt))
            if heartbeat.status == .error || heartbeat.errorMessage != nil {
                errors += 1
                if latestError.map({ $0.isNoLater(than: seen) }) ?? true { latestError = seen }
            }
            if latest.map({ $0.isNoLater(than: seen) }) ?? true { latest = seen }
            heartbeats += 1
            framesDropped += heartbeat.framesDropped?.count ?? 0
            readingsRefused += heartbeat.readingsRefused?.count ?? 0
            readingsGivenUp += heartbeat.readingsGivenUp?.count ?? 0
            arrived = (event.recordedAt, (observedAt.microseconds - event.recordedAt.microseconds) / 1000)
            position = event.position
        }

        /// What the row shows, but for what a tie decides.
        var row: JSONObject {
            var row: JSONObject = [
                "heartbeats": .integer(heartbeats), "error_count": .integer(errors),
                "frames_dropped": .integer(framesDropped), "readings_refused": .integer(readingsRefused),
                "readings_given_up": .integer(readingsGivenUp), "position": .integer(position),
            ]
            if let latest {
                row["last_heartbeat"] = .string(latest.heartbeat.observedAt.instant.rfc3339)
                row["last_seen_at"] = .string(latest.at.rfc3339)
            }
            if let latestError {
                row["last_error_timestamp"] = .string(latestError.heartbeat.observedAt.instant.rfc3339)
                row["last_error_seen_at"] = .string(latestError.at.rfc3339)
            }
            if let arrived { row["last_heard_at"] = .string(arrived.at.rfc3339) }
            return row
        }

        static let measures: Set = [
            "status", "response_time_ms", "stream_quality_score", "fps", "decode_time_ms", "inference_time_ms",
            "cpu_usage", "memory_usage", "network_bandwidth",
        ]

        /// Whether the measures are those of a heartbeat, all of one.
        static func says(_ row: JSONObject, _ heartbeat: Heartbeat) throws -> Bool {
            let said = try JSON.parse(heartbeat.event.data).object ?? [:]
            return measures.allSatisfy { name in
                let (one, other) = (row[name] ?? .null, said[name] ?? .null)
                return one.number.map { $0 == other.number } ?? (one == other)
            }
        }
    }
}
