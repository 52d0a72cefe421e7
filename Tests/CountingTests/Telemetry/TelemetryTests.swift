import Counting
import EventSourcing
import Testing

@Suite struct TelemetryTests {
    static let observedAt = valid {
        try ObservationTime(
            Timestamp(microseconds: 1_774_744_200_250_000), now: Timestamp(microseconds: 1_774_744_200_000_000))
    }

    static let bareHeartbeat = Heartbeat(cameraID: Sample.id, observedAt: observedAt, status: .online)
    static let bareReading = valid {
        try CountReading(
            cameraID: Sample.id, observedAt: observedAt, line: LineName("door"), objectClass: ObjectClass("person"),
            countIn: Tally(3), countOut: Tally(0))
    }

    static let heartbeats: [(Heartbeat, String)] = [
        (bareHeartbeat, #"{"camera_id":7,"observed_at":"2026-03-29T00:30:00.250000Z","status":"online"}"#),
        (
            valid {
                var heartbeat = Heartbeat(cameraID: Sample.id, observedAt: observedAt, status: .error)
                heartbeat.responseTime = try Milliseconds(12.5)
                heartbeat.streamQuality = try Ratio(0.9)
                heartbeat.fps = try FramesPerSecond(25)
                heartbeat.framesDropped = try Tally(4)
                heartbeat.decodeTime = try Milliseconds(3)
                heartbeat.inferenceTime = try Milliseconds(41)
                heartbeat.cpuUsage = try Percentage(63.5)
                heartbeat.memoryUsage = try Percentage(12)
                heartbeat.networkBandwidth = try MegabitsPerSecond(4.25)
                heartbeat.errorMessage = try ErrorMessage("no keyframe")
                return heartbeat
            },
            #"{"camera_id":7,"observed_at":"2026-03-29T00:30:00.250000Z","status":"error","response_time_ms":12.5,"stream_quality_score":0.9,"fps":25.0,"frames_dropped":4,"decode_time_ms":3.0,"inference_time_ms":41.0,"cpu_usage":63.5,"memory_usage":12.0,"network_bandwidth":4.25,"error_message":"no keyframe"}"#
        ),
        (
            lossyHeartbeat,
            #"{"camera_id":7,"observed_at":"2026-03-29T00:30:00.250000Z","status":"online","readings_refused":3,"readings_given_up":17}"#
        ),
    ]

    static let lossyHeartbeat = valid {
        var heartbeat = bareHeartbeat
        (heartbeat.readingsRefused, heartbeat.readingsGivenUp) = (try Tally(3), try Tally(17))
        return heartbeat
    }

    static let readings: [(CountReading, String)] = [
        (
            bareReading,
            #"{"camera_id":7,"observed_at":"2026-03-29T00:30:00.250000Z","line":"door","class":"person","count_in":3,"count_out":0}"#
        ),
        (
            valid {
                var reading = bareReading
                reading.confidence = try Ratio(0.75)
                reading.processingTime = try Milliseconds(8)
                reading.modelVersion = try ModelVersion("yolov8n-1")
                reading.frameData = .clear(try FreeformObject(["frame": 17]))
                return reading
            },
            #"{"camera_id":7,"observed_at":"2026-03-29T00:30:00.250000Z","line":"door","class":"person","count_in":3,"count_out":0,"confidence_score":0.75,"processing_time_ms":8.0,"ai_model_version":"yolov8n-1","frame_data":{"frame":17}}"#
        ),
    ]

    @Test(arguments: heartbeats.indices)
    func heartbeatsAreWrittenAndReadAsEver(index: Int) throws {
        let (heartbeat, text) = Self.heartbeats[index]
        #expect(heartbeat.event == NewEvent(type: "HeartbeatRecorded", data: Array(text.utf8)))
        #expect(
            try Heartbeat(Sample.recorded(NewEvent(type: "HeartbeatRecorded", data: Array(text.utf8)))) == heartbeat)
    }

    @Test(arguments: readings.indices)
    func readingsAreWrittenAndReadAsEver(index: Int) throws {
        let (reading, text) = Self.readings[index]
        #expect(reading.event == NewEvent(type: "CountReadingRecorded", data: Array(text.utf8)))
        #expect(
            try CountReading(Sample.recorded(NewEvent(type: "CountReadingRecorded", data: Array(text.utf8)))) == reading
        )
    }

    static let sealedReading = {
        var reading = bareReading
        reading.frameData = .sealed(SealedFrameData(keyID: "cab1e", text: "AAEC"))
        return reading
    }()

    static let readingOfTake = {
        var reading = bareReading
        reading.take = 2
        return reading
    }()

    @Test func sealedFrameDataIsASecondVersion() throws {
        let event = Self.sealedReading.event
        #expect(event.schemaVersion == 2)
        #expect(
            String(decoding: event.data, as: UTF8.self).hasSuffix(
                #","count_out":0,"sealed_frame_data":{"key":"cab1e","data":"AAEC"}}"#))
        #expect(try CountReading(Sample.recorded(event)) == Self.sealedReading)
    }

    @Test func anotherEventIsNotRead() {
        let heartbeat = Sample.recorded(Self.bareHeartbeat.event)
        #expect(throws: EventDecodingError(heartbeat, reason: "not a CountReadingRecorded")) {
            try CountReading(heartbeat)
        }
        let later = Sample.recorded(
            NewEvent(type: "HeartbeatRecorded", schemaVersion: 2, data: Self.bareHeartbeat.event.data))
        #expect(throws: EventDecodingError.self) { try Heartbeat(later) }
    }

    @Test func observationsLieBetween1970AndTwoMinutesAhead() {
        let now = Timestamp(microseconds: 1_774_744_200_000_000)
        let code = { (instant: Timestamp) in
            refusal { try ObservationTime(instant, now: now) }
        }
        #expect(code(now + .seconds(120)) == nil)
        #expect(code(now + .seconds(120) + .microseconds(1)) == .inFuture)
        #expect(refusal { try ObservationTime(now + .seconds(9), now: now, tolerance: .seconds(8.5)) } == .inFuture)
        #expect(code(Timestamp(microseconds: 0)) == nil)
        #expect(code(Timestamp(microseconds: -1)) == .outOfRange)
    }

    @Test func whatIsDatedBeforeTheCameraIsToldFromClocksThatAreBehind() throws {
        let registration = Timestamp(microseconds: 1_774_744_200_000_000)
        let code = { (instant: Timestamp) in
            refusal {
                try ObservationTime(instant, now: registration + .seconds(9))
                    .check(isAfter: registration, tolerance: .seconds(120))
            }
        }
        #expect(code(registration - .seconds(120)) == nil)
        #expect(code(registration - .seconds(121)) == .beforeRegistration)
        #expect(code(Timestamp(microseconds: 0)) == .beforeRegistration)
    }

    @Test func quantitiesAreBounded() {
        #expect(refusal { try Ratio(1) } == nil)
        #expect(refusal { try Ratio(1.01) } == .outOfRange)
        #expect(refusal { try Ratio(.nan) } == .outOfRange)
        #expect(refusal { try Percentage(100.1) } == .outOfRange)
        #expect(refusal { try Milliseconds(-0.1) } == .outOfRange)
        #expect(refusal { try FramesPerSecond(1001) } == .outOfRange)
        #expect(refusal { try MegabitsPerSecond(.infinity) } == .outOfRange)
        #expect(refusal { try Tally(1_000_000) } == nil)
        #expect(refusal { try Tally(1_000_001) } == .outOfRange)
        #expect(refusal { try Tally(-1) } == .outOfRange)
        #expect(throws: InvalidValue(.outOfRange, "A ratio lies between 0 and 1.")) { try Ratio(2) }
    }
}
