import EventSourcing

/// When a camera or its worker saw what it reports, by its own clock.
package struct ObservationTime: Hashable, Sendable {
    /// How far a clock may run ahead of the server's.
    package static let tolerance = Duration.seconds(24 * 3600)

    /// What a clock shows that was never set; before it there was nothing to observe.
    package static let earliest = Timestamp(microseconds: 0)

    package let instant: Timestamp

    /// - Parameter now: the server's clock.
    package init(_ instant: Timestamp, now: Timestamp) throws(InvalidValue) {
        guard instant >= Self.earliest else {
            throw InvalidValue(.outOfRange, "The time of an observation is not before \(Self.earliest).")
        }
        guard instant <= now + Self.tolerance else {
            throw InvalidValue(.inFuture, "The time of an observation is more than 24 hours in the future.")
        }
        self.instant = instant
    }

    init(stored instant: Timestamp) { self.instant = instant }
}
