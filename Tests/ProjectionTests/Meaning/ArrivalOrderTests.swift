import Counting
import EventSourcing
import Postgres
import TestSupport
import Testing

/// Rows of telemetry that arrives in one order and another.
@Suite struct ArrivalOrderTests {
    /// Of the same observations at several cameras, each camera's in another order.
    @Test func theOrderInWhichTelemetryArrivesDoesNotMatter() async throws {
        try await Harness.with { harness in
            let now = Timestamp(microseconds: 1_790_000_000_000_000)
            let ids = try (1...4).map { try CameraID($0) }
            for id in ids {
                let registered = Camera.Event.registered(
                    id, CameraDescription(name: CameraName(stored: "Entrance")),
                    CameraConfiguration(address: try StreamAddress("rtsp://10.0.0.1/a", type: .rtsp)))
                try await harness.append([Append(to: id.stream, events: [Camera.encode(registered)])])
            }
            var random = SeededGenerator(seed: 31)
            for id in ids {
                var events: [NewEvent] = []
                for index in 0..<60 {
                    let observedAt = try ObservationTime(now - .seconds(97 * index), now: now)
                    let status: CameraStatus = index % 7 == 3 ? .error : .online
                    var heartbeat = Heartbeat(cameraID: id, observedAt: observedAt, status: status)
                    heartbeat.fps = try FramesPerSecond(Double(index))
                    heartbeat.errorMessage = status == .error ? ErrorMessage(stored: "error \(index)") : nil
                    let reading = try CountReading(
                        cameraID: id, observedAt: observedAt, line: LineName("door"),
                        objectClass: ObjectClass("person"), countIn: Tally(Int64(index % 5)),
                        countOut: Tally(Int64(index % 3)))
                    // Two readings of one instant that say the same are two.
                    events += [heartbeat.event, reading.event, reading.event]
                }
                if id == ids[0] { events.reverse() } else if id != ids[1] { events.shuffle(using: &random) }
                try await harness.append([Append(to: id.telemetryStream, events: events)])
            }
            for name in ["hourly_counts", "health_summary"] {
                let rows = try await Meaning.objects(harness, of: name)
                let perCamera = ids.map { id in
                    Set(
                        rows.filter { $0["camera_id"]?.integer == id.number }.map { row in
                            // How long it was online is known only of what comes in order.
                            row.filter { !["camera_id", "position", "up_ms"].contains($0.key) }
                        })
                }
                #expect(!perCamera[0].isEmpty)
                for camera in perCamera { #expect(camera == perCamera[0], "\(name)") }
            }
        }
    }
}
