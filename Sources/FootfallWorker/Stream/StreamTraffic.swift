import Synchronization

/// How much came from a camera through its relay, within TLS and without what TCP and IP add.
final class StreamTraffic: Sendable {
    private struct State {
        var bytes = 0
        var since: ContinuousClock.Instant
    }

    private let state: Mutex<State>

    init(now: ContinuousClock.Instant = .now) { state = Mutex(State(since: now)) }

    func received(_ bytes: Int) { state.withLock { $0.bytes += bytes } }

    /// In Mbit/s (10^6 bits), since the call before; nil where no time has passed.
    func takeBandwidth(now: ContinuousClock.Instant = .now) -> Double? {
        state.withLock { state in
            let seconds = (now - state.since) / .seconds(1)
            guard seconds > 0 else { return nil }
            defer { state = State(since: now) }
            return Double(state.bytes) * 8 / 1e6 / seconds
        }
    }
}
