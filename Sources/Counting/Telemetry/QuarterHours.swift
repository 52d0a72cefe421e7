import EventSourcing

/// A run of whole quarter hours of UTC, the grain at which counts are kept: from `from` on, before `to`.
package struct QuarterHours: Hashable, Sendable {
    package static let length = Duration.seconds(900)
    /// A week.
    package static let maximumCount: Int64 = 7 * 96

    package let from: Timestamp
    package let to: Timestamp

    package init(from: Timestamp, to: Timestamp) throws(InvalidValue) {
        guard Self.isStart(from), Self.isStart(to) else {
            throw InvalidValue(.outOfRange, "Counts are kept by quarter hours, so from and to are whole ones of UTC.")
        }
        guard from < to else { throw InvalidValue(.outOfRange, "from lies before to.") }
        self.init(stored: from, to)
        guard count <= Self.maximumCount else {
            throw InvalidValue(.tooLarge, "A range has at most \(Self.maximumCount) quarter hours, which is a week.")
        }
    }

    init(stored from: Timestamp, _ to: Timestamp) {
        self.from = from
        self.to = to
    }

    package var count: Int64 { (to.microseconds - from.microseconds) / Self.microseconds }

    /// The first instant of each.
    package var starts: [Timestamp] { (0..<count).map { from + Self.length * Int($0) } }

    fileprivate static let microseconds: Int64 = 900_000_000

    static func isStart(_ instant: Timestamp) -> Bool { instant.microseconds % microseconds == 0 }
}

extension Timestamp {
    /// The first instant of the quarter hour of UTC that this instant is in.
    package var startOfQuarterHour: Timestamp {
        let remainder = microseconds % QuarterHours.microseconds
        return Timestamp(
            microseconds: microseconds - (remainder < 0 ? remainder + QuarterHours.microseconds : remainder))
    }

    /// This instant where a quarter hour begins with it, else the first instant of the next.
    package var endOfQuarterHour: Timestamp {
        let start = startOfQuarterHour
        return start == self ? self : start + QuarterHours.length
    }
}
