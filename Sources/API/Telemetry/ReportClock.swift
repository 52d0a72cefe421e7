import Counting
import EventSourcing

/// The server's clock as a request found it, which the times of what is reported are held against.
struct ReportClock: Sendable {
    let now: Timestamp
    /// How far the clock of a device may be away from the server's.
    let tolerance: Duration

    /// When something was observed, by the device's clock.
    func time(_ instant: Timestamp) throws(InvalidValue) -> ObservationTime {
        try ObservationTime(instant, now: now, tolerance: tolerance)
    }

    /// Whether something so old may have been dated by a clock that was never set.
    func isOld(_ instant: Timestamp) -> Bool { instant < now - tolerance }

    /// What is told to who reports, by the newest time in the report: how far the device's clock is from the server's.
    func facts(newest: Timestamp?) -> JSONObject {
        guard let newest else { return [:] }
        let offset = (newest - now) / .milliseconds(1)
        let isLarge = abs(offset) > Double(ClockOffset.limit)
        return [
            "clock_offset_ms": .integer(Int64(offset.rounded())), "warnings": isLarge ? ["clock_offset"] : [],
        ]
    }
}
