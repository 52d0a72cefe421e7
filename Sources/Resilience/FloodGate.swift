import Synchronization

/// Keeps a flood out of the log: of each kind of line a few are written at once, then one a second, and of the others their
/// number alone.
package final class FloodGate: Sendable {
    package typealias Instant = ContinuousClock.Instant

    /// A token bucket: a line takes a token, and a token comes back each second.
    private struct Bucket {
        var tokens: Int
        /// When the last token came back.
        var filled: Instant
        var held = 0

        mutating func fill(upTo maximum: Int, at now: Instant) {
            let seconds = Int(filled.duration(to: now) / .seconds(1))
            tokens = min(maximum, tokens + max(0, seconds))
            filled = tokens == maximum ? now : filled + .seconds(seconds)
        }
    }

    private let burst: Int
    private let now: @Sendable () -> Instant
    private let buckets = Mutex<[String: Bucket]>([:])

    /// - Parameter burst: how many of a kind are written at once after a time without any.
    package init(burst: Int = 10, now: @escaping @Sendable () -> Instant = { .now }) {
        self.burst = burst
        self.now = now
    }

    /// Whether a line of this kind is written; one that is not is counted.
    /// - Parameter kind: one of few, and none that a client makes up.
    package func admits(_ kind: String) -> Bool {
        let now = now()
        return buckets.withLock { buckets in
            var bucket = buckets[kind] ?? Bucket(tokens: burst, filled: now)
            bucket.fill(upTo: burst, at: now)
            let isWritten = bucket.tokens > 0
            if isWritten { bucket.tokens -= 1 } else { bucket.held += 1 }
            buckets[kind] = bucket
            return isWritten
        }
    }

    /// How many lines of each kind were not written since it was asked last.
    package func takeHeld() -> [String: Int] {
        buckets.withLock { buckets in
            let held = buckets.mapValues(\.held).filter { $0.value > 0 }
            for kind in held.keys { buckets[kind]?.held = 0 }
            return held
        }
    }
}
