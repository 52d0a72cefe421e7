import Synchronization

/// What users have asked for, in this process's memory.
///
/// Two tables take turns, each for as long as a period at most lasts: who has not come for so long has everything left,
/// and is forgotten with the older table. So no request costs more than three look-ups, and no search is ever made for
/// whom to forget.
package final class MemoryRates: Sendable {
    private struct State {
        var recent: [String: Int64] = [:]
        var older: [String: Int64] = [:]
        var turnsAt: Int64 = 0
    }

    /// Common to all that come while there is no room for more users: what they may do is bounded, and so is the memory.
    private static let others = "others"

    private let capacity: Int
    private let now: @Sendable () -> Int64
    private let state = Mutex(State())
    private let longestPeriod: Int64 = 3600 * 1_000_000

    /// - Parameters:
    ///   - capacity: how many users each table has at most.
    ///   - now: microseconds since any instant; never decreases.
    package init(capacity: Int = 50_000, now: @escaping @Sendable () -> Int64 = MemoryRates.clock) {
        self.capacity = capacity
        self.now = now
    }

    package static let clock: @Sendable () -> Int64 = { (ContinuousClock.now - start).microseconds }

    private static let start = ContinuousClock.now

    package func take(_ user: String, _ limit: RateLimit) -> RateLimit.Decision {
        let now = now()
        return state.withLock { state in
            if now >= state.turnsAt {
                // After a longer time without anybody, the older ones have everything left too.
                state.older = now >= state.turnsAt + longestPeriod ? [:] : state.recent
                state.recent = [:]
                state.turnsAt = now + longestPeriod
            }
            var user = user
            var emptyAt = state.recent[user]
            if emptyAt == nil {
                emptyAt = state.older[user]
                if state.recent.count >= capacity { user = Self.others }
                if user == Self.others { emptyAt = state.recent[user] }
            }
            var after = emptyAt ?? 0
            let decision = limit.take(&after, at: now)
            state.recent[user] = after
            return decision
        }
    }

    /// How many users are kept.
    package var count: Int { state.withLock { $0.recent.count + $0.older.count } }
}
