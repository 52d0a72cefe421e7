import EventSourcing

/// What a look at a camera's stream found, made when somebody asked for it.
package struct StreamProbe: Hashable, Sendable {
    package let cameraID: CameraID
    package let observedAt: ObservationTime
    /// Whether a picture came.
    package let isOpen: Bool
    package var codec: String?
    package var width: Int64?
    package var height: Int64?
    /// As the stream says itself.
    package var fps: FramesPerSecond?
    /// How long a file says that it is, in milliseconds.
    package var duration: Int64?
    /// What was looked at, without credentials; nil in events of schema version 1.
    package var url: String?
    package var responseTime: Milliseconds?
    /// A stable name of why no picture came.
    package var reason: String?
    package var detail: ErrorMessage?

    package init(cameraID: CameraID, observedAt: ObservationTime, isOpen: Bool) {
        self.cameraID = cameraID
        self.observedAt = observedAt
        self.isOpen = isOpen
    }
}

extension StreamProbe {
    package static let eventType = EventType.streamProbed.rawValue

    package var event: NewEvent {
        NewEvent(
            .streamProbed,
            schemaVersion: url == nil ? 1 : 2,
            data: .members([
                "camera_id": .integer(cameraID.number),
                "observed_at": .string(observedAt.instant.rfc3339),
                "ok": .bool(isOpen),
                "codec": codec.map(JSON.string),
                "width": width.map(JSON.integer),
                "height": height.map(JSON.integer),
                "fps": fps.json,
                "duration_ms": duration.map(JSON.integer),
                "stream_url": url.map(JSON.string),
                "response_time_ms": responseTime.json,
                "reason": reason.map(JSON.string),
                "detail": detail.json,
            ]))
    }

    package init(_ event: RecordedEvent) throws(EventDecodingError) {
        let members = try StoredMembers(event, of: .streamProbed)
        cameraID = try members.required("camera_id", CameraID.init(stored:))
        observedAt = try members.observationTime()
        isOpen = try members.required("ok", \.bool)
        codec = try members.optional("codec", \.string)
        width = try members.optional("width", \.integer)
        height = try members.optional("height", \.integer)
        fps = try members.quantity("fps")
        duration = try members.optional("duration_ms", \.integer)
        url = try members.optional("stream_url", \.string).map(StreamAddress.shown)
        responseTime = try members.quantity("response_time_ms")
        reason = try members.optional("reason", \.string)
        detail = try members.optionalText("detail")
    }
}
