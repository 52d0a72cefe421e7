/// The events about what is counted of recordings.
extension EventDeclaration {
    static let recordingTakeBegan = EventDeclaration(
        """
        A recording is counted from its beginning; what the take that it replaces has counted does not count from here on.
        """,
        in: [.camera(.life)],
        members: [
            .cameraID, .take, .recordingURL, .recordingStart,
            .required("lines", .lines, "The lines that it is counted at."),
            .optional("detector", .choice(CameraSettings.Detector.self), "What finds the objects in a picture."),
            .optional("confidence", .confidence, "The least certainty at which a detection counts."),
            .optional("classes", .classes, "What is counted; all where it is absent."),
            .optional("loop", .flag, "True where the recording begins again at its end."),
            .optional("replaces", .ordinal, "The take of the same recording that does not count any more."),
        ])

    static let recordingTakeResumed = EventDeclaration(
        "The camera goes back to a recording that it had counted in part; that take goes on.",
        in: [.camera(.life)], members: [.cameraID, .take, .recordingURL, .recordingStart])

    static let recordingTakeEnded = EventDeclaration(
        "A recording was counted to its end.", in: [.camera(.life)],
        members: [.cameraID, .take, .required("ended_at", .time, "The instant at which the recording ends.")])
}

extension EventMember {
    fileprivate static let take = required("take", .ordinal, "The number of the take among those of the camera.")
    fileprivate static let recordingURL = required("stream_url", .anyText, "The recording's file.")
    fileprivate static let recordingStart = required("started_at", .time, "When the recording was begun.")
}
