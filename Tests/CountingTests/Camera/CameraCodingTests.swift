import Counting
import EventSourcing
import Testing

/// What is in the log stays there: these texts are never edited, only added to.
@Suite struct CameraCodingTests {
    static let full = CameraDescription(
        name: CameraName(stored: "Entrance \"A\""),
        location: Location(stored: "Hall 1"),
        notes: CameraNotes(stored: "first\nsecond"),
        metadata: FreeformObject(stored: ["floor": 2, "tags": ["a", nil, true]]),
        settings: valid {
            CameraSettings(
                pace: .fast, startedAt: Timestamp(rfc3339: "2026-03-29T00:30:00Z"), loop: true, detector: .yolo,
                confidence: try Confidence(0.4),
                classes: try ObjectClasses([ObjectClass("person"), ObjectClass("car")]))
        },
        timeZone: valid { try TimeZoneName("Europe/Berlin") })

    static let keepingFrames = {
        var description = Sample.plain
        description.settings.keepFrameData = true
        return description
    }()

    /// With numbers that jsonb would write otherwise.
    static let asWritten = valid {
        var description = Sample.plain
        description.metadata = FreeformObject(
            stored: ["half": .number(JSONNumber(text: "1.50")), "big": .number(JSONNumber(text: "1e308"))])
        return description
    }

    /// As events of schema version 1 say it.
    static let watched = valid {
        CameraConfiguration(address: Sample.addressInClear, lines: try Lines([Sample.line("door")]))
    }

    static let secured = valid {
        CameraConfiguration(
            address: Sample.address, lines: try Lines([Sample.line("door")]),
            securityConfig: .kept(SecretID("5afe")))
    }

    /// As events of schema versions 1 and 2 have it.
    static let pathInClear = CameraConfiguration(
        address: Sample.address("http://10.0.0.5/mjpg?user=admin&pwd=hunter2", .http))
    static let hiddenPath = {
        var configuration = pathInClear
        configuration.address.path = .kept(SecretID("face"))
        return configuration
    }()

    static let recording = Recording(
        url: "file:///clips/a.avi", startedAt: full.settings.startedAt ?? Timestamp(microseconds: 0))
    static let takeBegan = Camera.Event.takeBegan(
        Sample.id, recording,
        Take(number: 2, rules: CountingRules(full.settings, watched.lines), replaces: 1))
    static let takeBeganBare = Camera.Event.takeBegan(
        Sample.id, recording, Take(number: 1, rules: CountingRules(CameraSettings(), .none), replaces: nil))

    static let samples: [(Camera.Event, type: String, data: String)] = [
        (
            .registered(Sample.id, full, watched), "CameraRegistered",
            #"{"camera_id":7,"name":"Entrance \"A\"","location":"Hall 1","description":"first\nsecond","metadata":{"tags":["a",null,true],"floor":2},"settings":{"pace":"fast","started_at":"2026-03-29T00:30:00Z","loop":true,"detector":"yolo","confidence":0.4,"classes":["person","car"]},"time_zone":"Europe/Berlin","stream_url":"rtsp://10.0.0.5:554/stream1","stream_credentials":"admin:s%40crt","stream_type":"rtsp","lines":[{"name":"door","from":[0.0,0.5],"to":[1.0,0.5],"inside":[0.5,0.9]}]}"#
        ),
        (
            .registered(Sample.id, Sample.plain, Sample.moved), "CameraRegistered",
            #"{"camera_id":7,"name":"Entrance","metadata":{},"settings":{},"time_zone":"UTC","stream_url":"rtsp://10.0.0.6/stream1","stream_type":"rtsp","lines":[]}"#
        ),
        (
            .described(Sample.id, full), "CameraDescribed",
            #"{"camera_id":7,"name":"Entrance \"A\"","location":"Hall 1","description":"first\nsecond","metadata":{"tags":["a",null,true],"floor":2},"settings":{"pace":"fast","started_at":"2026-03-29T00:30:00Z","loop":true,"detector":"yolo","confidence":0.4,"classes":["person","car"]},"time_zone":"Europe/Berlin"}"#
        ),
        (
            .described(Sample.id, Sample.plain), "CameraDescribed",
            #"{"camera_id":7,"name":"Entrance","metadata":{},"settings":{},"time_zone":"UTC"}"#
        ),
        (
            .configured(Sample.id, watched), "CameraConfigured",
            #"{"camera_id":7,"stream_url":"rtsp://10.0.0.5:554/stream1","stream_credentials":"admin:s%40crt","stream_type":"rtsp","lines":[{"name":"door","from":[0.0,0.5],"to":[1.0,0.5],"inside":[0.5,0.9]}]}"#
        ),
        (
            .started(Sample.id, Sample.workerA, epoch: 1), "CameraStarted",
            #"{"camera_id":7,"worker_id":"worker-a","epoch":1}"#
        ),
        (
            .restarted(Sample.id, Sample.workerB, epoch: 2), "CameraRestarted",
            #"{"camera_id":7,"worker_id":"worker-b","epoch":2}"#
        ),
        (.stopped(Sample.id, reason: nil), "CameraStopped", #"{"camera_id":7}"#),
        (
            .stopped(Sample.id, reason: Sample.reason), "CameraStopped",
            #"{"camera_id":7,"reason":"because"}"#
        ),
        (
            .statusChanged(Sample.id, from: .offline, to: .maintenance, reason: Sample.reason), "CameraStatusChanged",
            #"{"camera_id":7,"from":"offline","to":"maintenance","reason":"because"}"#
        ),
        (
            .statusChanged(Sample.id, from: .error, to: .online, reason: nil), "CameraStatusChanged",
            #"{"camera_id":7,"from":"error","to":"online"}"#
        ),
        (.monitoringStarted(Sample.id), "CameraMonitoringStarted", #"{"camera_id":7}"#),
        (.monitoringStopped(Sample.id), "CameraMonitoringStopped", #"{"camera_id":7}"#),
        (
            takeBegan, "RecordingTakeBegan",
            #"{"camera_id":7,"take":2,"stream_url":"file:///clips/a.avi","started_at":"2026-03-29T00:30:00Z","lines":[{"name":"door","from":[0.0,0.5],"to":[1.0,0.5],"inside":[0.5,0.9]}],"detector":"yolo","confidence":0.4,"classes":["car","person"],"loop":true,"replaces":1}"#
        ),
        (
            takeBeganBare, "RecordingTakeBegan",
            #"{"camera_id":7,"take":1,"stream_url":"file:///clips/a.avi","started_at":"2026-03-29T00:30:00Z","lines":[],"detector":"auto","confidence":0.3}"#
        ),
        (
            .takeResumed(Sample.id, recording, take: 2), "RecordingTakeResumed",
            #"{"camera_id":7,"take":2,"stream_url":"file:///clips/a.avi","started_at":"2026-03-29T00:30:00Z"}"#
        ),
        (
            .takeEnded(Sample.id, take: 2, at: recording.startedAt + .milliseconds(79_500)), "RecordingTakeEnded",
            #"{"camera_id":7,"take":2,"ended_at":"2026-03-29T00:31:19.500000Z"}"#
        ),
        (.removed(Sample.id, reason: nil), "CameraRemoved", #"{"camera_id":7}"#),
        (.erased(Sample.id), "CameraErased", #"{"camera_id":7}"#),
        (
            .removed(Sample.id, reason: Sample.reason), "CameraRemoved",
            #"{"camera_id":7,"reason":"because"}"#
        ),
    ]

    @Test(arguments: samples.indices)
    func eventsAreWrittenAsEver(index: Int) throws {
        let sample = Self.samples[index]
        let encoded = Camera.encode(sample.0)
        #expect(encoded.type == sample.type)
        #expect(encoded.schemaVersion == 1)
        #expect(String(decoding: encoded.data, as: UTF8.self) == sample.data)
    }

    @Test func eventsReferToSecrets() throws {
        let members =
            #""stream_url":"rtsp://10.0.0.5:554/stream1","stream_credentials_id":"c0ffee","stream_type":"rtsp","lines":[{"name":"door","from":[0.0,0.5],"to":[1.0,0.5],"inside":[0.5,0.9]}],"security_config_id":"5afe"}"#
        let configured = Camera.encode(.configured(Sample.id, Self.secured))
        #expect(configured.schemaVersion == 2)
        #expect(String(decoding: configured.data, as: UTF8.self) == #"{"camera_id":7,\#(members)"#)
        let registered = Camera.encode(.registered(Sample.id, Sample.plain, Self.secured))
        #expect(registered.schemaVersion == 2)
        #expect(String(decoding: registered.data, as: UTF8.self).hasSuffix(members))
        #expect(try Camera.decode(Sample.recorded(configured)) == .configured(Sample.id, Self.secured))
        #expect(
            try Camera.decode(Sample.recorded(registered)) == .registered(Sample.id, Sample.plain, Self.secured))
    }

    @Test func metadataThatJSONBWouldWriteOtherwiseIsAText() throws {
        let description = Self.asWritten
        let members = #""metadata_text":"{\"big\": 1e308, \"half\": 1.50}","settings":{},"time_zone":"UTC""#
        let described = Camera.encode(.described(Sample.id, description))
        #expect(described.schemaVersion == 2)
        #expect(
            String(decoding: described.data, as: UTF8.self) == #"{"camera_id":7,"name":"Entrance",\#(members)}"#)
        let registered = Camera.encode(.registered(Sample.id, description, Self.secured))
        #expect(registered.schemaVersion == 3)
        #expect(try Camera.decode(Sample.recorded(described)) == .described(Sample.id, description))
        #expect(
            try Camera.decode(Sample.recorded(registered)) == .registered(Sample.id, description, Self.secured))
    }

    @Test(arguments: samples.indices)
    func storedEventsStayReadable(index: Int) throws {
        let sample = Self.samples[index]
        let stored = NewEvent(type: sample.type, data: Array(sample.data.utf8))
        #expect(try Camera.decode(Sample.recorded(stored)) == sample.0)
    }

    @Test func membersInAnyOrderAndUnknownOnesAreRead() throws {
        let stored = NewEvent(
            type: "CameraStarted", data: Array(#"{"epoch": 3, "later": {}, "worker_id": "w 1", "camera_id": 7}"#.utf8))
        guard case .started(_, let worker, let epoch) = try Camera.decode(Sample.recorded(stored)) else {
            Issue.record("another event was read")
            return
        }
        #expect(worker.text == "w 1")
        #expect(epoch == 3)
    }

    @Test(arguments: [
        ("CameraStarted", 1, #"{"camera_id":7,"worker_id":"w"}"#, "epoch is missing"),
        ("CameraStarted", 1, #"{"camera_id":7,"worker_id":4,"epoch":1}"#, "worker_id is an integer that does not fit"),
        ("CameraStopped", 1, #"{"camera_id":0}"#, "camera_id is an integer that does not fit"),
        ("CameraStopped", 1, #"{"camera_id":7,"reason":null}"#, "reason is null that does not fit"),
        ("CameraStopped", 1, #"{"camera_id":7"#, "line 1, column 15: expected ',' or '}' in an object"),
        ("CameraStopped", 2, #"{"camera_id":7}"#, "unknown schema version"),
        ("CameraPainted", 1, #"{"camera_id":7}"#, "unknown type"),
        ("CameraStatusChanged", 1, #"{"camera_id":7,"from":"on","to":"error"}"#, "from is a string that does not fit"),
        (
            "CameraDescribed", 1,
            #"{"camera_id":7,"name":"ab","metadata":{},"settings":{"pace":"slow"},"time_zone":"UTC"}"#,
            "settings is an object that does not fit"
        ),
        (
            "CameraConfigured", 1,
            #"{"camera_id":7,"stream_url":"rtsp://h/","stream_type":"rtsp","lines":[{"name":"a"}]}"#,
            "lines is an array that does not fit"
        ),
    ])
    func unreadableEventsSayWhy(type: String, schemaVersion: Int16, data: String, reason: String) {
        let event = Sample.recorded(NewEvent(type: type, schemaVersion: schemaVersion, data: Array(data.utf8)))
        #expect(throws: EventDecodingError(event, reason: reason)) { try Camera.decode(event) }
    }
}
