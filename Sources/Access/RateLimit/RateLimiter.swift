import Logging
import Resilience
import Synchronization

/// Counts requests against limits: in memory, or in Redis where several processes share them. While Redis fails each
/// process counts for itself, and says so.
package final class RateLimiter: Sendable {
    package let rules: RateRules
    /// Whether Redis is taken to be there; nil where none is used.
    package let circuit: CircuitBreaker?
    private let memory: MemoryRates
    private let redis: RedisRates?
    private let logger: Logger
    private let isFallenBack = Mutex(false)

    package init(
        _ rules: RateRules, memory: MemoryRates = MemoryRates(), redis: RedisRates? = nil, logger: Logger,
        circuit: CircuitBreaker? = nil
    ) {
        self.rules = rules
        self.memory = memory
        self.redis = redis
        self.logger = logger
        self.circuit =
            redis == nil
            ? nil
            : circuit
                ?? CircuitBreaker(
                    "redis", Circuit.Rule(failures: 1, firstPause: .milliseconds(500), longestPause: .seconds(5)))
    }

    /// Takes one request off what `user` may make by this rule.
    package func take(_ user: String, by rule: RateRules.Rule) async -> RateLimit.Decision {
        // A user's counts by different rules are different ones.
        let key = rule.name + ":" + user
        guard let redis, let circuit else { return memory.take(key, rule.limit) }
        do {
            let decision = try await circuit.run { try await redis.take(key, rule.limit) }
            if change(toFallenBack: false) { logger.notice("Redis answers again; rate limits are shared again") }
            return decision
        } catch {
            if !(error is CircuitOpen), change(toFallenBack: true) {
                logger.error(
                    "Redis does not answer; rate limits are counted in memory until it does",
                    metadata: ["reason": "\(error)"])
            }
            return memory.take(key, rule.limit)
        }
    }

    /// Whether that is a change.
    private func change(toFallenBack new: Bool) -> Bool {
        isFallenBack.withLock { isFallenBack in
            defer { isFallenBack = new }
            return isFallenBack != new
        }
    }
}
