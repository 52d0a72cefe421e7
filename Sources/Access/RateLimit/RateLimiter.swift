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

    /// Takes one request off what a caller may make by this rule.
    package func take(_ caller: Caller, by rule: RateRules.Rule) async -> RateLimit.Decision {
        guard let redis else { return memory.take(caller, by: rule) }
        return await shared { try await redis.take(caller.key(by: rule.name), rule.limit) }
            ?? memory.take(caller, by: rule)
    }

    /// Gives one request back that was taken and, as it turned out, does not count.
    package func giveBack(_ caller: Caller, by rule: RateRules.Rule) async {
        guard let redis else { return memory.giveBack(caller, by: rule) }
        let given: Void? = await shared { try await redis.giveBack(caller.key(by: rule.name), rule.limit) }
        if given == nil { memory.giveBack(caller, by: rule) }
    }

    /// What Redis says; nil while it fails.
    private func shared<Value: Sendable>(_ ask: @Sendable () async throws -> Value) async -> Value? {
        guard let circuit else { return nil }
        do {
            let value = try await circuit.run { try await ask() }
            if change(toFallenBack: false) { logger.notice("Redis answers again; rate limits are shared again") }
            return value
        } catch {
            if !(error is CircuitOpen), change(toFallenBack: true) {
                logger.error(
                    "Redis does not answer; rate limits are counted in memory until it does",
                    metadata: ["reason": "\(error)"])
            }
            return nil
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
