import Foundation

/// Readings that the server has not acknowledged yet, in order and bounded.
///
/// The pipeline's thread puts in, one sender takes out. Safe to share because every access is under the lock.
final class ReadingOutbox: @unchecked Sendable {
    enum WhenFull: Sendable {
        /// The thread that puts in waits: for files, which can wait.
        case wait
        /// The oldest reading is given up: for live streams, which cannot.
        case dropOldest
    }

    private let capacity: Int
    private let whenFull: WhenFull
    private let condition = NSCondition()
    private var readings: [Reading] = []
    private var dropped = 0
    private var isClosed = false
    private let changes: AsyncStream<Void>
    private let change: AsyncStream<Void>.Continuation

    init(capacity: Int = 10_000, whenFull: WhenFull) {
        self.capacity = capacity
        self.whenFull = whenFull
        (changes, change) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    /// Takes readings in; blocks the calling thread while there is no room and the outbox waits when full.
    /// After `close` they are thrown away.
    func add(_ new: [Reading]) {
        condition.withLock {
            while whenFull == .wait, readings.count >= capacity, !isClosed { condition.wait() }
            if isClosed { return }
            readings += new
            let excess = max(0, readings.count - capacity)
            if whenFull == .dropOldest, excess > 0 {
                readings.removeFirst(excess)
                dropped += excess
            }
        }
        change.yield()
    }

    /// The oldest readings, at most `limit`, with growing sequences; waits until there is one.
    /// Nil once the outbox is closed and empty.
    func next(limit: Int) async -> [Reading]? {
        var changes = changes.makeAsyncIterator()
        while true {
            let (batch, isOver) = condition.withLock { (growingPrefix(limit), isClosed) }
            if !batch.isEmpty { return batch }
            if isOver { return nil }
            if await changes.next() == nil { return nil }
        }
    }

    /// A file that is opened again after an error begins with small sequences again, in a batch of its own.
    private func growingPrefix(_ limit: Int) -> [Reading] {
        var count = min(1, readings.count)
        while count < min(limit, readings.count), readings[count].sequence > readings[count - 1].sequence { count += 1 }
        return Array(readings.prefix(count))
    }

    /// Forgets readings that the server has.
    func remove(_ batch: [Reading]) {
        condition.withLock {
            let last = readings.firstIndex { $0 == batch.last }
            if let last { readings.removeSubrange(...last) }
            condition.broadcast()
        }
    }

    /// How many readings were given up since the last call.
    func takeDropped() -> Int {
        condition.withLock {
            defer { dropped = 0 }
            return dropped
        }
    }

    var count: Int { condition.withLock { readings.count } }

    /// Takes nothing more in; what is held can still be taken out.
    func close() {
        condition.withLock {
            isClosed = true
            condition.broadcast()
        }
        change.yield()
    }
}
