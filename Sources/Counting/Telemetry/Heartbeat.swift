import EventSourcing

package struct ErrorMessage: BoundedText {
    package static let subject = "An error message"
    package static let lengths = 0...1000
    package static let allowsLineBreaks = true

    package let text: String
    package init(stored text: String) { self.text = text }
}

/// A worker's report on the health of a camera. What was not measured is nil.
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
    /// Readings that the server refused for good, and readings that were given up because they could not be handed over
    /// in time, since the heartbeat before.
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
    /// What may have been measured: the members of its event beside camera, time and status, in their order.
    package static let measurements: [OptionalMember<Heartbeat>] = [
        OptionalMember("response_time_ms", \.responseTime, "From opening the stream to its first picture."),
        OptionalMember("stream_quality_score", \.streamQuality, "How good the pictures are."),
        OptionalMember("fps", \.fps, "Pictures a second."),
        OptionalMember(
            "frames_dropped", \.framesDropped, "Pictures that were not looked at, since the heartbeat before."),
        OptionalMember(
            "readings_refused", \.readingsRefused,
            "Readings that the server refused for good, since the heartbeat before."),
        OptionalMember(
            "readings_given_up", \.readingsGivenUp,
            "Readings that were lost because they could not be handed over in time, since the heartbeat before."),
        OptionalMember("decode_time_ms", \.decodeTime, "How long decoding a picture takes."),
        OptionalMember("inference_time_ms", \.inferenceTime, "How long finding the objects in a picture takes."),
        OptionalMember("cpu_usage", \.cpuUsage, "Percent of all cores' time, by the worker as a whole."),
        OptionalMember("memory_usage", \.memoryUsage, "Percent of the machine's memory, by the worker as a whole."),
        OptionalMember("network_bandwidth", \.networkBandwidth, "Mbit/s that come from the camera."),
        OptionalMember("error_message", \.errorMessage, "What went wrong."),
    ]

    package static let eventType = EventType.heartbeatRecorded.rawValue

    package var event: NewEvent {
        var members: JSONObject = [
            "camera_id": .integer(cameraID.number), "observed_at": .string(observedAt.instant.rfc3339),
            "status": .string(status.rawValue),
        ]
        for measurement in Self.measurements { members[measurement.name] = measurement.json(self) }
        return NewEvent(.heartbeatRecorded, data: .object(members))
    }

    package init(_ event: RecordedEvent) throws(EventDecodingError) {
        let members = try StoredMembers(event, of: .heartbeatRecorded)
        self.init(
            cameraID: try members.required("camera_id", CameraID.init(stored:)),
            observedAt: try members.observationTime(),
            status: try members.required("status", CameraStatus.init(stored:)))
        for measurement in Self.measurements { try members.take(measurement, into: &self) }
    }
}
