import Counting
import EventSourcing
import Testing

/// Every event type at every schema version that was ever written, as it stands in logs. Samples are added, with every
/// new type and version, and never changed or taken away: what is in a log stays there.
@Suite struct FrozenEventTests {
    enum Meaning: Equatable {
        case camera(Camera.Event)
        case heartbeat(Heartbeat)
        case reading(CountReading)
    }

    struct Frozen: CustomTestStringConvertible {
        let type: String
        let schemaVersion: Int16
        let data: String
        let meaning: Meaning

        init(_ type: String, _ schemaVersion: Int16, _ data: String, _ meaning: Meaning) {
            self.type = type
            self.schemaVersion = schemaVersion
            self.data = data
            self.meaning = meaning
        }

        var testDescription: String { "\(type) \(schemaVersion)" }

        func recorded(schemaVersion: Int16? = nil) -> RecordedEvent {
            Sample.recorded(
                NewEvent(type: type, schemaVersion: schemaVersion ?? self.schemaVersion, data: Array(data.utf8)))
        }
    }

    static let samples: [Frozen] = [
        Frozen(
            "CameraRegistered", 1,
            #"{"camera_id":7,"name":"Entrance \"A\"","location":"Hall 1","description":"first\nsecond","metadata":{"tags":["a",null,true],"floor":2},"settings":{"pace":"fast","started_at":"2026-03-29T00:30:00Z","loop":true,"detector":"yolo","confidence":0.4,"classes":["person","car"]},"time_zone":"Europe/Berlin","stream_url":"rtsp://10.0.0.5:554/stream1","stream_credentials":"admin:s%40crt","stream_type":"rtsp","lines":[{"name":"door","from":[0.0,0.5],"to":[1.0,0.5],"inside":[0.5,0.9]}]}"#,
            .camera(.registered(Sample.id, CameraCodingTests.full, CameraCodingTests.watched))),
        Frozen(
            "CameraRegistered", 1,
            #"{"camera_id":7,"name":"Entrance","metadata":{},"settings":{},"time_zone":"UTC","stream_url":"rtsp://10.0.0.6/stream1","stream_type":"rtsp","lines":[]}"#,
            .camera(.registered(Sample.id, Sample.plain, Sample.moved))),
        Frozen(
            "CameraDescribed", 1,
            #"{"camera_id":7,"name":"Entrance","metadata":{},"settings":{},"time_zone":"UTC"}"#,
            .camera(.described(Sample.id, Sample.plain))),
        Frozen(
            "CameraConfigured", 1,
            #"{"camera_id":7,"stream_url":"rtsp://10.0.0.5:554/stream1","stream_credentials":"admin:s%40crt","stream_type":"rtsp","lines":[{"name":"door","from":[0.0,0.5],"to":[1.0,0.5],"inside":[0.5,0.9]}]}"#,
            .camera(.configured(Sample.id, CameraCodingTests.watched))),
        Frozen(
            "CameraStarted", 1, #"{"camera_id":7,"worker_id":"worker-a","epoch":1}"#,
            .camera(.started(Sample.id, Sample.workerA, epoch: 1))),
        Frozen(
            "CameraRestarted", 1, #"{"camera_id":7,"worker_id":"worker-b","epoch":2}"#,
            .camera(.restarted(Sample.id, Sample.workerB, epoch: 2))),
        Frozen(
            "CameraStopped", 1, #"{"camera_id":7,"reason":"because"}"#,
            .camera(.stopped(Sample.id, reason: Sample.reason))),
        Frozen("CameraStopped", 1, #"{"camera_id":7}"#, .camera(.stopped(Sample.id, reason: nil))),
        Frozen(
            "CameraStatusChanged", 1, #"{"camera_id":7,"from":"offline","to":"maintenance","reason":"because"}"#,
            .camera(.statusChanged(Sample.id, from: .offline, to: .maintenance, reason: Sample.reason))),
        Frozen(
            "CameraStatusChanged", 1, #"{"camera_id":7,"from":"error","to":"online"}"#,
            .camera(.statusChanged(Sample.id, from: .error, to: .online, reason: nil))),
        Frozen(
            "CameraRemoved", 1, #"{"camera_id":7,"reason":"because"}"#,
            .camera(.removed(Sample.id, reason: Sample.reason))),
        Frozen("CameraRemoved", 1, #"{"camera_id":7}"#, .camera(.removed(Sample.id, reason: nil))),
        Frozen(
            "HeartbeatRecorded", 1,
            #"{"camera_id":7,"observed_at":"2026-03-29T00:30:00.250000Z","status":"online"}"#,
            .heartbeat(TelemetryTests.heartbeats[0].0)),
        Frozen(
            "HeartbeatRecorded", 1,
            #"{"camera_id":7,"observed_at":"2026-03-29T00:30:00.250000Z","status":"error","response_time_ms":12.5,"stream_quality_score":0.9,"fps":25.0,"frames_dropped":4,"decode_time_ms":3.0,"inference_time_ms":41.0,"cpu_usage":63.5,"memory_usage":12.0,"network_bandwidth":4.25,"error_message":"no keyframe"}"#,
            .heartbeat(TelemetryTests.heartbeats[1].0)),
        Frozen(
            "CountReadingRecorded", 1,
            #"{"camera_id":7,"observed_at":"2026-03-29T00:30:00.250000Z","line":"door","class":"person","count_in":3,"count_out":0}"#,
            .reading(TelemetryTests.readings[0].0)),
        Frozen(
            "CountReadingRecorded", 1,
            #"{"camera_id":7,"observed_at":"2026-03-29T00:30:00.250000Z","line":"door","class":"person","count_in":3,"count_out":0,"confidence_score":0.75,"processing_time_ms":8.0,"ai_model_version":"yolov8n-1","frame_data":{"frame":17}}"#,
            .reading(TelemetryTests.readings[1].0)),
    ]

    private func read(_ event: RecordedEvent) throws(EventDecodingError) -> Meaning {
        switch event.type {
        case Heartbeat.eventType: .heartbeat(try Heartbeat(event))
        case CountReading.eventType: .reading(try CountReading(event))
        default: .camera(try Camera.decode(event))
        }
    }

    @Test(arguments: samples)
    func whatWasEverWrittenIsRead(_ sample: Frozen) throws {
        #expect(try read(sample.recorded()) == sample.meaning)
    }

    /// A log's store may give an object's members back in another order, and numbers without their trailing zeros.
    @Test(arguments: samples)
    func aStoresOwnWayOfWritingItIsReadAlike(_ sample: Frozen) throws {
        guard case .object(let members) = try JSON.parse(Array(sample.data.utf8)) else {
            Issue.record("not an object")
            return
        }
        let reversed = JSON.object(members.reversed().reduce(into: [:]) { $0[$1.key] = $1.value })
        let text = String(decoding: reversed.bytes, as: UTF8.self)
            .replacing(/\.0(?=[,\]}])/, with: "")
        let event = NewEvent(type: sample.type, schemaVersion: sample.schemaVersion, data: Array(text.utf8))
        #expect(try read(Sample.recorded(event)) == sample.meaning)
    }

    /// A version that this release does not know may mean anything, however much it looks like one that it knows.
    @Test(arguments: samples)
    func anUnknownSchemaVersionIsRefusedByName(_ sample: Frozen) {
        let known = Set(Self.samples.filter { $0.type == sample.type }.map(\.schemaVersion))
        for version in [(known.max() ?? 0) + 1, 0, -1, .max] {
            let error = #expect(throws: EventDecodingError.self) {
                _ = try read(sample.recorded(schemaVersion: version))
            }
            #expect(error?.type == sample.type)
            #expect(error?.schemaVersion == version)
            #expect(error?.reason.contains("schema version") == true)
        }
    }

    /// A case that is added does not compile until it has its type here, and does not pass until it has samples.
    private static func types(of event: Camera.Event) -> [String] {
        switch event {
        case .registered, .described, .configured, .started, .restarted, .stopped, .statusChanged, .removed:
            [
                "CameraRegistered", "CameraDescribed", "CameraConfigured", "CameraStarted", "CameraRestarted",
                "CameraStopped", "CameraStatusChanged", "CameraRemoved", Heartbeat.eventType, CountReading.eventType,
            ]
        }
    }

    @Test func everyTypeHasSamples() {
        #expect(Set(Self.samples.map(\.type)) == Set(Self.types(of: Sample.removed)))
    }

    /// Whoever gives an event a new version adds its sample here.
    @Test func whatIsWrittenNowIsAmongThem() {
        let camera = CameraCodingTests.samples.map { Camera.encode($0.0) }
        let written = camera + [TelemetryTests.bareHeartbeat.event, TelemetryTests.bareReading.event]
        for event in written {
            let versions = Self.samples.filter { $0.type == event.type }.map(\.schemaVersion)
            #expect(Set(versions) == Set(1...event.schemaVersion), "\(event.type)")
        }
    }
}
