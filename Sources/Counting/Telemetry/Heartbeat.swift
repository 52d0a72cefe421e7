import EventSourcing

package struct ErrorMessage: BoundedText {
    package static let subject = "An error message"
    package static let lengths = 0...1000
    package static let allowsLineBreaks = true

    package let text: String
    package init(stored text: String) { self.text = text }
}

/// A worker's report on how a camera fares. What was not measured is nil.
package struct Heartbeat: Hashable, Sendable {
    /// How long one vouches for its camera, from its arrival on; `heartbeat_vouching()` in the database.
    package static let vouching = Duration.seconds(90)

    package let cameraID: CameraID
    package let observedAt: ObservationTime
    package let status: CameraStatus
    package var responseTime: Milliseconds?
    package var streamQuality: Ratio?
    package var fps: FramesPerSecond?
    /// Since the heartbeat before.
    package var framesDropped: Tally?
    /// Readings that the server refused for good, and readings that were given up because they could not be handed over in
    /// time, since the heartbeat before.
    package var readingsRefused: Tally?
    package var readingsGivenUp: Tally?
    package var decodeTime: Milliseconds?
    package var inferenceTime: Milliseconds?
    package var cpuUsage: Percentage?
    package var memoryUsage: Percentage?
    package var networkBandwidth: MegabitsPerSecond?
    package var errorMessage: ErrorMessage?

    package init(cameraID: CameraID, observedAt: ObservationTime, status: CameraStatus) {
        self.cameraID = cameraID
        self.observedAt = observedAt
        self.status = status
    }
}

extension Heartbeat {
    /// Whether a heartbeat that the log holds says what this one says.
    package func says(what stored: Heartbeat) -> Bool {
        var there = stored
        // Earlier releases stored texts as they came.
        there.errorMessage = there.errorMessage?.inNormalForm
        return self == there
    }
}

extension Heartbeat {
    package static let eventType = "HeartbeatRecorded"

    package var event: NewEvent {
        NewEvent(
            type: Self.eventType,
            data: .members([
                "camera_id": .integer(cameraID.number),
                "observed_at": .string(observedAt.instant.rfc3339),
                "status": .string(status.rawValue),
                "response_time_ms": responseTime.json,
                "stream_quality_score": streamQuality.json,
                "fps": fps.json,
                "frames_dropped": framesDropped.map { .integer($0.count) },
                "readings_refused": readingsRefused.map { .integer($0.count) },
                "readings_given_up": readingsGivenUp.map { .integer($0.count) },
                "decode_time_ms": decodeTime.json,
                "inference_time_ms": inferenceTime.json,
                "cpu_usage": cpuUsage.json,
                "memory_usage": memoryUsage.json,
                "network_bandwidth": networkBandwidth.json,
                "error_message": errorMessage.json,
            ]))
    }

    package init(_ event: RecordedEvent) throws(EventDecodingError) {
        let members = try StoredMembers(telemetry: event, type: Self.eventType)
        cameraID = try members.required("camera_id", CameraID.init(stored:))
        observedAt = try members.observationTime()
        status = try members.required("status", CameraStatus.init(stored:))
        responseTime = try members.quantity("response_time_ms")
        streamQuality = try members.quantity("stream_quality_score")
        fps = try members.quantity("fps")
        framesDropped = try members.optional("frames_dropped", \.integer).map(Tally.init(stored:))
        readingsRefused = try members.optional("readings_refused", \.integer).map(Tally.init(stored:))
        readingsGivenUp = try members.optional("readings_given_up", \.integer).map(Tally.init(stored:))
        decodeTime = try members.quantity("decode_time_ms")
        inferenceTime = try members.quantity("inference_time_ms")
        cpuUsage = try members.quantity("cpu_usage")
        memoryUsage = try members.quantity("memory_usage")
        networkBandwidth = try members.quantity("network_bandwidth")
        errorMessage = try members.optionalText("error_message")
    }
}
