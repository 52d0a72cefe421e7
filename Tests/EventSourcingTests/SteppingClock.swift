import EventSourcing
import Synchronization

/// A clock that shows the given instants one after another, and then the last one.
final class SteppingClock: Sendable {
    private let remaining: Mutex<[Int64]>

    /// - Parameter microseconds: since 1970.
    init(_ microseconds: [Int64]) { remaining = Mutex(microseconds) }

    var next: @Sendable () -> Timestamp {
        { self.remaining.withLock { Timestamp(microseconds: $0.count > 1 ? $0.removeFirst() : $0[0]) } }
    }
}
