import Synchronization

/// Which failures are worth a line of the log: one that lasts is told at first and then once a minute, however many parts
/// of the process meet it and however often they try.
package final class FailureNotices: Sendable {
    package typealias Instant = ContinuousClock.Instant

    /// Of the process.
    package static let shared = FailureNotices()

    private let interval: Duration
    private let capacity: Int
    private let now: @Sendable () -> Instant
    private let toldAt = Mutex<[String: Instant]>([:])

    /// - Parameter capacity: how many failures are remembered; of more, each is told.
    package init(
        interval: Duration = .seconds(60), capacity: Int = 256, now: @escaping @Sendable () -> Instant = { .now }
    ) {
        self.interval = interval
        self.capacity = capacity
        self.now = now
    }

    /// Whether to tell it now.
    /// - Parameter failure: its text, by which it is known again.
    package func isDue(_ failure: String) -> Bool {
        let now = now()
        return toldAt.withLock { toldAt in
            if let told = toldAt[failure], told + interval > now { return false }
            if toldAt.count >= capacity { toldAt = toldAt.filter { $0.value + interval > now } }
            if toldAt.count < capacity { toldAt[failure] = now }
            return true
        }
    }
}
