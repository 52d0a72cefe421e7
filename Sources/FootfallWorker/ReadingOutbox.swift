import Foundation

/// Readings that the server has not acknowledged yet, in order and bounded, and what was lost of them.
///
/// The pipeline's thread puts in, one sender takes out. Safe to share because every access is under the lock.
final class ReadingOutbox: @unchecked Sendable {
    enum WhenFull: Sendable {
        /// The thread that puts in waits: for files, which can wait.
        case wait
        /// The oldest reading is given up: for live streams, which cannot.
        case dropOldest
    }

    /// A reading that the server does not take.
    struct Refused: Sendable, Hashable {
        let reading: Reading
        /// The server's words.
        let reason: String
    }

    private let capacity: Int
    private let refusedCapacity: Int
    private let whenFull: WhenFull
    private let condition = NSCondition()
    private var readings: [Reading] = []
    private var refused: [Refused] = []
    private var losses = ReadingLosses()
    private var heldUp: String?
    private var isClosed = false
    private let changes: AsyncStream<Void>
    private let change: AsyncStream<Void>.Continuation

    init(capacity: Int = 10_000, refusedCapacity: Int = 1000, whenFull: WhenFull) {
        self.capacity = capacity
        self.refusedCapacity = refusedCapacity
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
                losses.givenUp += excess
            }
        }
        change.yield()
    }

    /// The oldest readings, at most `limit`; waits until there is one. Nil once the outbox is closed and empty.
    func next(limit: Int) async -> [Reading]? {
        var changes = changes.makeAsyncIterator()
        while true {
            let (batch, isOver) = condition.withLock { (Array(readings.prefix(limit)), isClosed) }
            if !batch.isEmpty { return batch }
            if isOver { return nil }
            if await changes.next() == nil { return nil }
        }
    }

    /// Forgets readings that the server has.
    func remove(_ batch: [Reading]) { condition.withLock { take(batch) } }

    /// Puts a reading that the server does not take among those that it refused, so that the next ones go on.
    func refuse(_ reading: Reading, because reason: String) {
        condition.withLock {
            take([reading])
            refused.append(Refused(reading: reading, reason: reason))
            if refused.count > refusedCapacity { refused.removeFirst(refused.count - refusedCapacity) }
            losses.refused += 1
            losses.reason = reason
        }
    }

    /// The newest readings that the server refused, oldest first.
    var refusedReadings: [Refused] { condition.withLock { refused } }

    /// Why the server does not take the oldest reading, while it does not and those behind it wait.
    var heldUpBecause: String? {
        get { condition.withLock { heldUp } }
        set { condition.withLock { heldUp = newValue } }
    }

    /// What was lost and not told yet, as much of it as a heartbeat can say. Who takes it tells it, or gives it back.
    func takeLosses() -> ReadingLosses {
        condition.withLock { losses.takeSome() }
    }

    /// Notes losses to be told: new ones, or such as nobody could be told of.
    func note(_ more: ReadingLosses) {
        condition.withLock {
            losses.givenUp += more.givenUp
            losses.refused += more.refused
            losses.reason = losses.reason ?? more.reason
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

    private func take(_ batch: [Reading]) {
        if let last = readings.firstIndex(where: { $0 == batch.last }) { readings.removeSubrange(...last) }
        condition.broadcast()
    }
}

/// How many readings did not come to the server.
struct ReadingLosses: Hashable, Sendable {
    /// There was no room for them while the server was away.
    var givenUp = 0
    /// The server does not take them.
    var refused = 0
    /// Why, in the server's words.
    var reason: String?

    /// The most that a heartbeat says of either.
    private static let mostToTell = 1_000_000

    fileprivate mutating func takeSome() -> ReadingLosses {
        let some = ReadingLosses(
            givenUp: min(givenUp, Self.mostToTell), refused: min(refused, Self.mostToTell), reason: reason)
        givenUp -= some.givenUp
        refused -= some.refused
        if refused == 0 { reason = nil }
        return some
    }

    var isEmpty: Bool { givenUp == 0 && refused == 0 }

    /// For people; nil where nothing was lost.
    var sentence: String? {
        var parts: [String] = []
        if givenUp > 0 { parts.append("\(givenUp) readings were given up, for the server did not take them in time") }
        if refused > 0 {
            parts.append("\(refused) readings were refused by the server: \(reason ?? "no reason given")")
        }
        return parts.isEmpty ? nil : parts.joined(separator: "; ")
    }
}
