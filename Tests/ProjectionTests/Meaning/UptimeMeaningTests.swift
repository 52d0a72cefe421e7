import Counting
import EventSourcing
import Testing

/// What the rows of `camera_uptime` say.
@Suite struct UptimeMeaningTests {
    /// Seconds that were meant to be watched and were online, each looked at by itself.
    @Test(arguments: [UInt64(37), 38])
    func upIsWhatWasMeantToRunAndWasOnline(_ seed: UInt64) async throws {
        try await Harness.with { harness in
            var history = RandomHistory(seed: seed)
            try await harness.append(history.appends(600))
            // Starts and stops come to lie among what was observed, on whole seconds.
            let end = Timestamp(microseconds: 1_790_000_000_000_000)
            let head = try await harness.log.head()
            try await harness.record(
                "timestamptz '\(end.rfc3339)' - (\(head) - position) * interval '2 seconds'")
            let events = try await harness.log.read(after: 0, limit: 10_000)
            let rows = try await Meaning.objects(harness, of: "camera_uptime")
            let found = Dictionary(
                uniqueKeysWithValues: rows.map { ($0["camera_id"]?.integer ?? 0, $0["up_ms"]?.integer ?? -1) })

            var timelines: [Int64: Timeline] = [:]
            for event in events {
                if event.type == Heartbeat.eventType {
                    let heartbeat = try Heartbeat(event)
                    timelines[heartbeat.cameraID.number]?.hear(heartbeat)
                } else if event.stream.rawValue.hasPrefix("camera-"),
                    let id = try JSON.parse(event.data)["camera_id"]?.integer
                {
                    timelines[id, default: Timeline()].live(
                        try Camera.decode(event), at: event.recordedAt.microseconds / 1_000_000)
                }
            }
            #expect(found.count == timelines.count)
            #expect(timelines.values.contains { $0.upSeconds > 0 })
            for (id, timeline) in timelines { #expect(found[id] == timeline.upSeconds * 1000, "camera \(id)") }
        }
    }

    private struct Timeline {
        private var runs: [Range<Int64>] = []
        private var began: Int64?
        /// Whether what was heard in a second says online, all of it.
        private var isOnline: [Int64: Bool] = [:]

        mutating func live(_ event: Camera.Event, at second: Int64) {
            switch event {
            case .started, .restarted: began = began ?? second
            case .stopped, .removed:
                if let began { runs.append(began..<second) }
                began = nil
            default: break
            }
        }

        mutating func hear(_ heartbeat: Heartbeat) {
            let second = heartbeat.observedAt.instant.microseconds / 1_000_000
            isOnline[second] = isOnline[second, default: true] && heartbeat.status == .online
        }

        var upSeconds: Int64 {
            let meant = runs + (began.map { [$0..<Int64.max] } ?? [])
            var up: Int64 = 0
            for (second, isOnline) in isOnline where isOnline {
                for later in second..<second + Heartbeat.vouching.components.seconds {
                    if later > second, self.isOnline[later] != nil { break }
                    if meant.contains(where: { $0.contains(later) }) { up += 1 }
                }
            }
            return up
        }
    }
}
