import EventSourcing

/// When a camera or its worker saw what it reports, by its own clock.
package struct ObservationTime: Hashable, Sendable {
    /// How far a clock may run ahead of the server's where no setting says otherwise.
    package static let tolerance = Duration.seconds(120)

    /// What no setting and no earlier release goes beyond: nothing in the log was observed later than this after it was
    /// recorded.
    package static let widestTolerance = Duration.seconds(24 * 3600)

    /// What a clock shows that was never set; before it there was nothing to observe.
    package static let earliest = Timestamp(microseconds: 0)

    package let instant: Timestamp

    /// - Parameters:
    ///   - now: the server's clock.
    ///   - tolerance: how far the clock that gave the instant may run ahead of it.
    package init(
        _ instant: Timestamp, now: Timestamp, tolerance: Duration = Self.tolerance
    ) throws(InvalidValue) {
        guard instant >= Self.earliest else {
            throw InvalidValue(.outOfRange, "The time of an observation is not before \(Self.earliest).")
        }
        guard instant <= now + tolerance else {
            let ahead = (instant.microseconds - now.microseconds + 999_999) / 1_000_000
            throw InvalidValue(
                .inFuture,
                "The time of an observation is \(ahead) seconds ahead of the server's clock, and \(tolerance.inSeconds) "
                    + "are allowed: the clock that it comes from is wrong.")
        }
        self.instant = instant
    }

    /// - Parameters:
    ///   - registration: when the camera was registered.
    ///   - tolerance: how far the clock that gave the instant may run behind the server's.
    /// - Throws: where the instant is before that: the clock that gave it was never set.
    package func check(isAfter registration: Timestamp, tolerance: Duration) throws(InvalidValue) {
        guard instant >= registration - tolerance else {
            throw InvalidValue(
                .beforeRegistration,
                "The camera was registered at \(registration.rfc3339), and there was nothing to observe before: the clock "
                    + "that this time comes from is wrong.")
        }
    }

    init(stored instant: Timestamp) { self.instant = instant }
}

extension Duration {
    /// As people read it.
    fileprivate var inSeconds: String {
        components.attoseconds == 0 ? "\(components.seconds)" : "\(self / .seconds(1))"
    }
}
