/// The events of what a camera reports, and of what people say about it.
extension EventDeclaration {
    static let heartbeatRecorded = EventDeclaration(
        "A worker's sign of life for a camera. What was not measured is absent.", in: [.camera(.telemetry)],
        severity: .level(.error, whereMember: "status", is: CameraStatus.error.rawValue),
        members: [.cameraID, .observedAt, .required("status", .choice(CameraStatus.self), "How the camera is.")]
            + Heartbeat.measurements.map(\.declaration))

    static let countReadingRecorded = EventDeclaration(
        """
        What crossed one line of a camera in one class since the reading before, or came into and left the whole picture. \
        Frame data is encrypted from version 2 on; version 3 may be about no line.
        """,
        in: [.camera(.telemetry)], versions: 3,
        members: [
            .cameraID, .observedAt,
            .optional(
                "line", .text(LineName.self), requiredUntil: 2, "The line; the whole picture where it is absent."),
            .required("class", .text(ObjectClass.self), "What crossed it."),
            .required("count_in", .tally, "How many crossed it inwards."),
            .required("count_out", .tally, "How many outwards."),
            .optional("confidence_score", .quantity(Ratio.self), "How certain that is."),
            .optional("processing_time_ms", .quantity(Milliseconds.self), "How long it took."),
            .optional("ai_model_version", .text(ModelVersion.self), "The model that saw it."),
            .optional("frame_data", .freeform, until: 1, "What the worker keeps about the picture, in clear."),
            .optional(
                "sealed_frame_data",
                .object([
                    .required("key", .anyText, "The id of the camera's key."),
                    .required("data", .anyText, "Nonce, ciphertext and tag, in base64."),
                ]), since: 2, "What the worker keeps about the picture, encrypted under the camera's key."),
            .optional("take", .ordinal, "The take of a recording that it belongs to; absent for what is counted live."),
        ])

    static let countCorrected = EventDeclaration(
        """
        An operator corrected what was counted at a camera's line in one class. Version 2 is about no line, but the whole \
        picture.
        """,
        in: [.camera(.telemetry)], versions: 2,
        members: [
            .cameraID, .required("from", .time, "The first instant of the range, that of a quarter hour."),
            .required("to", .time, "The first instant behind the range."),
            .required("line", .text(LineName.self), until: 1, "The line."),
            .required("class", .text(ObjectClass.self), "What was counted."),
            .required("delta_in", .delta, "By how much what came in is raised or, below 0, lowered."),
            .required("delta_out", .delta, "The same of what went out."),
            .required("reason", .text(Reason.self), "Why, in somebody's words."),
            .required(
                "buckets",
                .list(
                    of: .object([
                        .required("start", .time, "The first instant of the quarter hour."),
                        .required("delta_in", .delta, "What falls to it of delta_in."),
                        .required("delta_out", .delta, "What falls to it of delta_out."),
                    ]), counts: 0...Int(QuarterHours.maximumCount)),
                "What falls to each quarter hour, in order of time, without those to which nothing falls."),
        ])

    static let cameraOccupancyReset = EventDeclaration(
        "An operator said how many are inside, from the first instant of a quarter hour on.", in: [.camera(.telemetry)],
        members: [
            .cameraID, .required("at", .time, "The first instant of a quarter hour."),
            .required("occupancy", .tally, "How many are inside then."), .reason,
        ])

    static let streamProbed = EventDeclaration(
        """
        A look at a camera's stream that somebody asked for. Version 2 says what was looked at.
        """,
        in: [.camera(.telemetry)], versions: 2,
        members: [
            .cameraID, .observedAt, .required("ok", .flag, "Whether a picture came."),
            .optional("codec", .anyText, "How the pictures are coded."),
            .optional("width", .integer(0...Int64.max), "Of a picture, in pixels."),
            .optional("height", .integer(0...Int64.max), "Of a picture, in pixels."),
            .optional("fps", .quantity(FramesPerSecond.self), "Pictures a second, as the stream says itself."),
            .optional("duration_ms", .integer(0...Int64.max), "How long a file says that it is."),
            .required("stream_url", .streamURL, since: 2, "What was looked at, without credentials."),
            .optional(
                "response_time_ms", .quantity(Milliseconds.self), "From opening the stream to its first picture."),
            .optional("reason", .anyText, "A stable name of why no picture came."),
            .optional("detail", .text(ErrorMessage.self), "Why, for people."),
        ])
}

extension EventMember {
    fileprivate static let observedAt = required(
        "observed_at", .time, "When it was seen, by the clock of who saw it; it may come late or out of order.")
}

extension MemberType {
    fileprivate static let delta = integer(CountDelta.bounds)
}
