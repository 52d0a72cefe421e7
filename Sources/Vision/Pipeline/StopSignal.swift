import Foundation

/// Tells threads to stop, and wakes those that wait for a point in time.
final class StopSignal: @unchecked Sendable {
    // Unchecked: the flag is only touched under the condition's lock.
    private let condition = NSCondition()
    private var stopped = false

    var isSet: Bool {
        condition.withLock { stopped }
    }

    func set() {
        condition.withLock {
            stopped = true
            condition.broadcast()
        }
    }

    /// Blocks the thread until the moment has come, or at once when it is time to stop.
    func wait(until moment: ContinuousClock.Instant) {
        condition.withLock {
            while !stopped {
                let left = moment - .now
                guard left > .zero else { return }
                _ = condition.wait(until: Date(timeIntervalSinceNow: left / .seconds(1)))
            }
        }
    }
}
