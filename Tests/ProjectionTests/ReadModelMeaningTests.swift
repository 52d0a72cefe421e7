import Counting
import EventSourcing
import Postgres
import TestSupport
import Testing

@testable import Projector

/// What the rows of each read model say, against plain folds of the same events by the domain.
@Suite struct ReadModelMeaningTests {
    /// The rows of a build of a random history, filled in small steps, as JSON objects, and the history's events.
    private func withRows(
        of name: String, in projection: String? = nil, seed: UInt64,
        _ body: @Sendable ([JSONObject], [RecordedEvent]) throws -> Void
    ) async throws {
        try await Harness.with { harness in
            var history = RandomHistory(seed: seed)
            try await harness.append(history.appends(400))
            let rows = try await objects(harness, of: name, in: projection)
            try body(rows, await harness.log.read(after: 0, limit: 10_000))
        }
    }

    private func objects(_ harness: Harness, of name: String, in projection: String? = nil) async throws -> [JSONObject]
    {
        // Each row is written as its table and a JSON object.
        try await harness.rows(of: Harness.definition(projection ?? name), steps: [7]).filter {
            $0.hasPrefix("\(name) ")
        }.map {
            try #require(JSON.parse(Array($0.drop { $0 != "{" }.utf8)).object)
        }
    }

    private func instant(_ json: JSON?) -> Timestamp? { json?.string.flatMap(Timestamp.init(rfc3339:)) }

    /// Whether the row has these columns and no others that are not null, however times and numbers are written.
    private func expect(_ row: JSONObject, _ expected: JSONObject) {
        for (column, value) in expected {
            let shown = row[column] ?? .null
            if let time = instant(value) {
                #expect(instant(shown) == time, "\(column)")
            } else {
                #expect(
                    FreeformObject(stored: ["value": shown]) == FreeformObject(stored: ["value": value]), "\(column)")
            }
        }
        let others = row.filter { expected[$0.key] == nil && $0.value != .null }
        #expect(others.isEmpty)
    }

    private struct Quarter: Hashable {
        let camera: Int64
        let line: String
        let objectClass: String
        let start: Timestamp

        init(_ camera: CameraID, _ line: LineName, _ objectClass: ObjectClass, _ instant: Timestamp) {
            self.camera = camera.number
            self.line = line.text
            self.objectClass = objectClass.text
            start = Timestamp(microseconds: instant.microseconds / 900_000_000 * 900_000_000)
        }
    }

    @Test(arguments: [UInt64(21), 22])
    func hourlyCountsAreTheSumsOfReadingsAndCorrections(_ seed: UInt64) async throws {
        try await withRows(of: "hourly_counts", seed: seed) { rows, events in
            var sums: [Quarter: [String: Int64]] = [:]
            for event in events {
                if event.type == CountReading.eventType {
                    let reading = try CountReading(event)
                    let quarter = Quarter(
                        reading.cameraID, reading.line, reading.objectClass, reading.observedAt.instant)
                    sums[quarter, default: [:]]["count_in", default: 0] += reading.countIn.count
                    sums[quarter, default: [:]]["count_out", default: 0] += reading.countOut.count
                    sums[quarter, default: [:]]["readings", default: 0] += 1
                } else if event.type == CountCorrection.eventType {
                    let correction = try CountCorrection(event)
                    for share in correction.shares {
                        let quarter = Quarter(
                            correction.cameraID, correction.line, correction.objectClass, share.start)
                        sums[quarter, default: [:]]["correction_in", default: 0] += share.delta.countIn
                        sums[quarter, default: [:]]["correction_out", default: 0] += share.delta.countOut
                    }
                }
            }
            #expect(rows.count == sums.count)
            let columns = ["count_in", "count_out", "readings", "correction_in", "correction_out"]
            for row in rows {
                let quarter = Quarter(
                    try CameraID(try #require(row["camera_id"]?.integer)),
                    LineName(stored: row["line"]?.string ?? ""), ObjectClass(stored: row["class"]?.string ?? ""),
                    try #require(instant(row["bucket_start"])))
                let expected = try #require(sums[quarter])
                for column in columns { #expect(row[column]?.integer == expected[column] ?? 0, "\(column)") }
            }
        }
    }

    @Test(arguments: [UInt64(23), 24])
    func cameraStateIsWhatTheCameraHasBecome(_ seed: UInt64) async throws {
        try await withRows(of: "camera_state", seed: seed) { rows, events in
            var cameras: [Int64: JSONObject] = [:]
            var states: [Int64: Camera.State] = [:]
            for event in events where event.stream.rawValue.hasPrefix("camera-") {
                let change = try Camera.decode(event)
                let id = try #require(JSON.parse(event.data)["camera_id"]?.integer)
                let before = states[id] ?? Camera.initial
                states[id] = Camera.evolve(before, change)
                let actor = EventMetadata(try JSON.parse(event.metadata)).actor.map(JSON.string) ?? .null
                var row =
                    cameras[id] ?? [
                        "created_at": .string(event.recordedAt.rfc3339), "created_by": actor,
                        "previous_worker_id": .null, "status_since": .string(event.recordedAt.rfc3339),
                        "desired_state_since": .string(event.recordedAt.rfc3339),
                    ]
                if case .registered(let camera) = states[id] {
                    let whole = Camera.encode(.registered(camera.id, camera.description, camera.configuration))
                    for optional in [
                        "location", "description", "stream_credentials", "stream_credentials_id", "security_config_id",
                    ] { row[optional] = .null }
                    for (member, value) in try #require(JSON.parse(whole.data).object) { row[member] = value }
                    row["status"] = .string(camera.status.rawValue)
                    row["monitoring"] = .bool(camera.isMonitored)
                    row["desired_state"] = .string(camera.desiredState.rawValue)
                    if case .registered(let before) = before, let worker = before.workerID,
                        worker != camera.workerID
                    {
                        row["previous_worker_id"] = .string(worker.text)
                    }
                    row["worker_id"] = camera.workerID.map { .string($0.text) } ?? .null
                    row["epoch"] = .integer(camera.epoch)
                    row["removed"] = false
                } else {
                    row["desired_state"] = "stopped"
                    row["removed"] = true
                    if case .erased = change {
                        for secret in ["stream_credentials_id", "security_config_id"] { row[secret] = .null }
                    }
                }
                if event.type == "CameraStatusChanged" { row["status_since"] = .string(event.recordedAt.rfc3339) }
                let starts: Set = ["CameraStarted", "CameraRestarted", "CameraStopped", "CameraRemoved"]
                if starts.contains(event.type) { row["desired_state_since"] = .string(event.recordedAt.rfc3339) }
                row["updated_at"] = .string(event.recordedAt.rfc3339)
                row["updated_by"] = actor
                row["version"] = .integer(event.version)
                row["position"] = .integer(event.position)
                cameras[id] = row
            }
            #expect(rows.count == cameras.count)
            for row in rows { expect(row, try #require(row["camera_id"]?.integer.flatMap { cameras[$0] })) }
        }
    }

    @Test(arguments: [UInt64(27), 28])
    func totalsCountTheCamerasByWhatTheyAre(_ seed: UInt64) async throws {
        try await withRows(of: "camera_totals", in: "camera_state", seed: seed) { rows, events in
            var states: [StreamName: Camera.State] = [:]
            for event in events where event.stream.rawValue.hasPrefix("camera-") {
                states[event.stream] = Camera.evolve(states[event.stream] ?? Camera.initial, try Camera.decode(event))
            }
            var totals: [[String]: Int64] = [:]
            for case .registered(let camera) in states.values {
                totals[[camera.status.rawValue, camera.desiredState.rawValue], default: 0] += 1
            }
            #expect(rows.count == CameraStatus.allCases.count * DesiredState.allCases.count)
            for row in rows {
                let key = [row["status"]?.string ?? "", row["desired_state"]?.string ?? ""]
                #expect(row["cameras"]?.integer == totals[key] ?? 0)
            }
        }
    }

    @Test(arguments: [UInt64(25), 26])
    func healthIsThatOfTheHeartbeatObservedLast(_ seed: UInt64) async throws {
        try await withRows(of: "health_summary", seed: seed) { rows, events in
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
                expect(row, expected)
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

    @Test(arguments: [UInt64(33), 34])
    func metricsAreTheSumsOfHeartbeats(_ seed: UInt64) async throws {
        try await withRows(of: "camera_metrics", seed: seed) { rows, events in
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
                let start = try #require(instant(row["bucket_start"])).microseconds
                expect(row, try #require(expected[[row["camera_id"]?.integer ?? 0, start]]))
            }
        }
    }

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
                let rows = try await objects(harness, of: name)
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
