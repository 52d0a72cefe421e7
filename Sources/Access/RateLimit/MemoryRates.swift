import Synchronization

/// What users and networks have asked for, in this process's memory.
///
/// Each has two tables that take turns, each for as long as a period at most lasts: who has not come for so long has
/// everything left, and is forgotten with the older table. So no request costs more than three look-ups, and no search is
/// ever made for whom to forget.
package final class MemoryRates: Sendable {
    /// The tables of users, or those of networks.
    private struct Tables {
        var recent: [String: Int64] = [:]
        var older: [String: Int64] = [:]
        var turnsAt: Int64 = 0

        mutating func turn(at now: Int64, after period: Int64) {
            guard now >= turnsAt else { return }
            // After a longer time without anybody, the older ones have everything left too.
            older = now >= turnsAt + period ? [:] : recent
            recent = [:]
            turnsAt = now + period
        }

        var count: Int { recent.count + older.count }
    }

    private struct State {
        var users = Tables()
        var networks = Tables()

        subscript(_ caller: Caller) -> Tables {
            get { if case .user = caller { users } else { networks } }
            _modify { if case .user = caller { yield &users } else { yield &networks } }
        }
    }

    private let capacity: Int
    private let now: @Sendable () -> Int64
    private let state = Mutex(State())
    private let longestPeriod: Int64 = 3600 * 1_000_000

    /// - Parameters:
    ///   - capacity: how many users and how many networks each table has at most.
    ///   - now: microseconds since any instant; never decreases.
    package init(capacity: Int = 50_000, now: @escaping @Sendable () -> Int64 = MemoryRates.clock) {
        self.capacity = capacity
        self.now = now
    }

    /// Microseconds since it was first asked for; never negative.
    package static let clock: @Sendable () -> Int64 = {
        let start = ContinuousClock.now
        return { (ContinuousClock.now - start).microseconds }
    }()

    package func take(_ caller: Caller, by rule: RateRules.Rule) -> RateLimit.Decision {
        let now = now()
        return state.withLock { state in
            state[caller].turn(at: now, after: longestPeriod)
            var key = caller.key(by: rule.name)
            var emptyAt = state[caller].recent[key]
            if emptyAt == nil {
                emptyAt = state[caller].older[key]
                if state[caller].recent.count >= capacity {
                    key = Self.others(by: rule)
                    emptyAt = state[caller].recent[key]
                }
            }
            var after = emptyAt ?? now
            let decision = rule.limit.take(&after, at: now)
            state[caller].recent[key] = after
            return decision
        }
    }

    /// Gives one request back that was taken and, as it turned out, does not count.
    package func giveBack(_ caller: Caller, by rule: RateRules.Rule) {
        let now = now()
        state.withLock { state in
            for key in [caller.key(by: rule.name), Self.others(by: rule)] {
                guard let emptyAt = state[caller].recent[key] else { continue }
                let before = emptyAt - rule.limit.interval
                state[caller].recent[key] = before > now ? before : nil
                return
            }
        }
    }

    /// Common to all that come by a rule while there is no room for more: what they may do is bounded, and so is the
    /// memory.
    private static func others(by rule: RateRules.Rule) -> String { "others:\(rule.name)" }

    /// How many users and networks are kept.
    package var count: Int { state.withLock { $0.users.count + $0.networks.count } }
}
