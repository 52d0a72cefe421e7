import Resilience

/// When a server that has ended is started again, and when that is given up: a state machine without a clock or processes
/// of its own.
///
/// The first start follows at once; the next ones, where it does not start or ends again within ten seconds, after a pause
/// that doubles. A full disk is no failure: the server is started when there is room again, however long that takes.
struct ServerWatch {
    typealias Instant = ContinuousClock.Instant

    enum Action: Equatable {
        case look(after: Duration)
        case start
        case giveUp(reason: String)
    }

    enum News: Equatable {
        case ended
        case waitsForRoom
        case runsAgain(after: Duration)
    }

    struct Rule {
        /// So many starts in a row that come to nothing are the last ones.
        var failures = 8
        /// From so many on the process is taken to be of no use until the server runs.
        var failuresUntilUseless = 4
        /// A server that ran for this long began well.
        var settling = Duration.seconds(10)
        /// What a server needs to recover and to end that with a checkpoint: two of its log's files, in bytes.
        var room: Int64 = 32 << 20
        /// Without room it is started all the same now and then.
        var longestWaitForRoom = Duration.seconds(30)
        var look = Duration.milliseconds(250)
    }

    private enum State {
        case running(since: Instant)
        /// - beyond: it is started as soon as there are more bytes than these, though it is not yet due.
        case down(since: Instant, due: Instant, beyond: Int64?)
    }

    private let rule: Rule
    private var state: State
    private var failures = 0
    private var backoff = Backoff(first: .milliseconds(500), longest: .seconds(15))
    private var reason = "it ends again as soon as it has started"
    private var downSince: Instant?

    /// - Parameter now: when the server was found running.
    init(_ rule: Rule = Rule(), at now: Instant) {
        self.rule = rule
        state = .running(since: now)
    }

    /// Whether it has failed to start for so often that the process is of no use without it.
    var isUseless: Bool { failures >= rule.failuresUntilUseless }

    /// - Parameter freeBytes: on the server's disk; nil where that is unknown.
    mutating func looked(isAlive: Bool, freeBytes: Int64?, at now: Instant) -> (Action, News?) {
        switch state {
        case .running(let since) where isAlive:
            if since + rule.settling <= now, failures > 0 { forgetFailures() }
            return (.look(after: rule.look), nil)
        case .running(let since):
            downSince = downSince ?? now
            if hasRoom(freeBytes) {
                if since + rule.settling <= now { forgetFailures() } else { failures += 1 }
                if failures >= rule.failures { return (.giveUp(reason: reason), .ended) }
                state = .down(since: now, due: failures == 0 ? now : now + backoff.next(), beyond: nil)
                return (.look(after: .zero), .ended)
            }
            waitForRoom(freeBytes, at: now)
            return (.look(after: rule.look), .waitsForRoom)
        case .down where isAlive: return (.look(after: rule.look), runs(at: now))  // another process has started it
        case .down(_, let due, let beyond):
            if due <= now { return (.start, nil) }
            if let beyond, let freeBytes, freeBytes > beyond { return (.start, nil) }
            return (.look(after: min(rule.look, now.duration(to: due))), nil)
        }
    }

    /// - Parameter failure: why it did not start; nil where it did.
    mutating func started(failure: String?, freeBytes: Int64?, at now: Instant) -> (Action, News?) {
        guard let failure else { return (.look(after: rule.look), runs(at: now)) }
        if !hasRoom(freeBytes) || failure.contains("No space left on device") {
            waitForRoom(freeBytes, at: now)
            return (.look(after: rule.look), .waitsForRoom)
        }
        reason = failure
        failures += 1
        if failures >= rule.failures { return (.giveUp(reason: failure), nil) }
        state = .down(since: now, due: now + backoff.next(), beyond: nil)
        return (.look(after: rule.look), nil)
    }

    private func hasRoom(_ freeBytes: Int64?) -> Bool { freeBytes.map { $0 >= rule.room } ?? true }

    private mutating func waitForRoom(_ freeBytes: Int64?, at now: Instant) {
        state = .down(
            since: now, due: now + rule.longestWaitForRoom,
            beyond: max(rule.room - 1, (freeBytes ?? 0) + rule.room / 2))
    }

    private mutating func runs(at now: Instant) -> News? {
        state = .running(since: now)
        defer { downSince = nil }
        return downSince.map { .runsAgain(after: $0.duration(to: now)) }
    }

    private mutating func forgetFailures() {
        failures = 0
        backoff.reset()
    }
}
