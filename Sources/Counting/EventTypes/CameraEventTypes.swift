/// The events of a camera's life.
extension EventDeclaration {
    static let cameraRegistered = EventDeclaration(
        """
        A camera was added: the first event of its stream, with all that describes and configures it. Version 2 refers to \
        secrets by their ids, 3 may have the metadata as a text, 4 refers to the path of the stream's URL by its id too.
        """,
        in: [.camera(.life)], versions: 4,
        members: [.cameraID] + description(metadataTextSince: 3, always: false) + configuration(pathSince: 4))

    static let cameraDescribed = EventDeclaration(
        """
        A camera's whole description was replaced: what is absent is no longer set. Version 2 has the metadata as a text, \
        for numbers that jsonb would not keep as they were written.
        """,
        in: [.camera(.life)], versions: 2,
        members: [.cameraID] + description(metadataTextSince: 2, always: true))

    static let cameraConfigured = EventDeclaration(
        """
        A camera's stream and counting lines were replaced. Version 2 refers to secrets by their ids, 3 to the path of the \
        stream's URL too.
        """,
        in: [.camera(.life)], versions: 3,
        members: [.cameraID] + configuration(pathSince: 3))

    static let cameraStarted = EventDeclaration(
        "A worker was to watch a camera.", in: [.camera(.life)], members: assignment)

    static let cameraRestarted = EventDeclaration(
        "A worker was to begin again with a camera.", in: [.camera(.life)], members: assignment)

    static let cameraStopped = EventDeclaration(
        "A camera was no longer to be watched.", in: [.camera(.life)], severity: .always(.warning),
        members: [.cameraID, .reason])

    static let cameraStatusChanged = EventDeclaration(
        "A camera's status went from one value to another.", in: [.camera(.life)],
        severity: .level(.error, whereMember: "to", is: CameraStatus.error.rawValue),
        members: [
            .cameraID, .required("from", .choice(CameraStatus.self), "The status before."),
            .required("to", .choice(CameraStatus.self), "The status from here on."), .reason,
        ])

    static let cameraMonitoringStarted = EventDeclaration(
        "The server was to check a camera now and then.", in: [.camera(.life)], members: [.cameraID])

    static let cameraMonitoringStopped = EventDeclaration(
        "The server was no longer to check a camera.", in: [.camera(.life)], members: [.cameraID])

    static let cameraRemoved = EventDeclaration(
        "A camera was taken away: the last event of its stream; its telemetry ends with it.", in: [.camera(.life)],
        severity: .always(.warning), members: [.cameraID, .reason])

    static let cameraErased = EventDeclaration(
        "A removed camera's key was destroyed: what it protected is gone for good.",
        in: [.camera(.life), .camera(.erasure)], severity: .always(.warning), members: [.cameraID])

    private static let assignment: [EventMember] = [
        .cameraID, .required("worker_id", .text(WorkerID.lengths), "The worker that is to watch it."),
        .required("epoch", .ordinal, "The number of the camera's starts and restarts, this one included."),
    ]

    /// - Parameters:
    ///   - version: the first in which the metadata may be a text.
    ///   - always: whether it is a text in all events from that version on.
    private static func description(metadataTextSince version: Int16, always: Bool) -> [EventMember] {
        let metadata = "What else people keep about it."
        let text = "The metadata as JSON in a text, where jsonb would not keep its numbers as they were written."
        return [
            .required("name", .text(CameraName.self), "What people call it."),
            .optional("location", .text(Location.self), "Where it hangs."),
            .optional("description", .text(CameraNotes.self), "What else people should know."),
            always
                ? .required("metadata", .freeform, until: version - 1, metadata)
                : .optional("metadata", .freeform, requiredUntil: version - 1, metadata),
            always
                ? .required("metadata_text", .anyText, since: version, text)
                : .optional("metadata_text", .anyText, since: version, text),
            .required(
                "settings", .object(CameraSettings.storedMembers),
                "How it is played and counted, as far as that was given."),
            .required("time_zone", .anyText, "The IANA name of the zone that its hours and days are counted in."),
        ]
    }

    /// - Parameter pathVersion: the first that refers to the path by its id.
    private static func configuration(pathSince pathVersion: Int16) -> [EventMember] {
        [
            .required("stream_url", .streamURL, "Where its pictures come from, without credentials."),
            .optional(
                "stream_path", .secretPath(in: "stream_url"), until: pathVersion - 1,
                "What follows the host in stream_url, where not everybody may see it."),
            .optional(
                "stream_path_id", .anyText, since: pathVersion,
                "The id of the secret that stands for what follows the host."),
            .optional("stream_credentials", .anyText, until: 1, "User and password in clear."),
            .optional(
                "stream_credentials_id", .anyText, since: 2, "The id of user and password, which are kept encrypted."),
            .optional(
                "security_config_id", .anyText, since: 2,
                "The id of what the stream is opened with besides, kept encrypted."),
            .required("stream_type", .choice(StreamType.self), "How its pictures come."),
            .required("lines", .lines, "The lines that it counts at, in their order."),
        ]
    }
}

extension EventMember {
    static let cameraID = required("camera_id", .cameraID, "The camera.")
    static let reason = optional("reason", .text(Reason.self), "Why, in somebody's words.")
}

extension MemberType {
    static let lines = list(of: .object(Line.storedMembers), counts: 0...Lines.maximumCount)
    static let classes = list(of: .text(ObjectClass.self), counts: ObjectClasses.counts)
    static let confidence = number(0...1, excludesLowest: true)
}

extension Line {
    fileprivate static let storedMembers: [EventMember] = {
        let point = MemberType.list(of: .number(0...1), counts: 2...2)
        return [
            .required("name", .text(LineName.self), "What people call it."),
            .required("from", point, "One end: x and y as parts of the picture."),
            .required("to", point, "The other end."),
            .required("inside", point, "A point on the side that is inside."),
        ]
    }()
}

extension CameraSettings {
    static let storedMembers: [EventMember] = [
        .optional("pace", .choice(Pace.self), "How fast a recording is watched."),
        .optional("started_at", .time, "When a recording was begun."),
        .optional("loop", .flag, "Whether a recording begins again at its end."),
        .optional("detector", .choice(Detector.self), "What finds the objects in a picture."),
        .optional("confidence", .confidence, "The least certainty at which a detection counts."),
        .optional("classes", .classes, "What is counted; all where it is absent."),
        .optional("keep_frame_data", .flag, "Whether what workers send about a reading's picture is kept."),
    ]
}
