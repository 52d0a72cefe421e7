import EventSourcing

/// An operator said how many are inside, from the beginning of a quarter hour on: what counting missed before that no
/// longer matters. It is about what the camera reports, so it stands in its telemetry stream, and ends with it.
package struct OccupancyReset: Hashable, Sendable {
    package let cameraID: CameraID
    /// The first instant of a quarter hour, the grain at which counts are kept.
    package let instant: Timestamp
    package let occupancy: Tally
    package let reason: Reason?

    package init(
        cameraID: CameraID, at instant: Timestamp, occupancy: Tally, reason: Reason?
    ) throws(InvalidValue) {
        guard QuarterHours.isStart(instant) else {
            throw InvalidValue(.outOfRange, "Counts are kept by quarter hours, so a reset is at the beginning of one.")
        }
        self.cameraID = cameraID
        self.instant = instant
        self.occupancy = occupancy
        self.reason = reason
    }
}

extension OccupancyReset {
    package static let eventType = EventType.cameraOccupancyReset.rawValue

    package var event: NewEvent {
        NewEvent(
            .cameraOccupancyReset,
            data: .members([
                "camera_id": .integer(cameraID.number),
                "at": .string(instant.rfc3339),
                "occupancy": .integer(occupancy.count),
                "reason": reason?.json,
            ]))
    }

    package init(_ event: RecordedEvent) throws(EventDecodingError) {
        let members = try StoredMembers(event, of: .cameraOccupancyReset)
        cameraID = try members.required("camera_id", CameraID.init(stored:))
        instant = try members.required("at") { $0.string.flatMap(Timestamp.init(rfc3339:)) }
        occupancy = Tally(stored: try members.required("occupancy", \.integer))
        reason = try members.optionalText("reason")
    }
}
