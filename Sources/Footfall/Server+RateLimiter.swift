import Access
import Installation
import Logging

extension Server {
    /// What counts requests against their users' limits.
    ///
    /// - Parameter isAuthenticated: whether requests prove who sends them. Where they do not, users cannot be told apart,
    ///   and nothing is limited unless a limit is given.
    static func rateLimiter(
        _ settings: InstallationSettings, isAuthenticated: Bool, logger: Logger
    ) throws(InstallationSettings.Invalid) -> RateLimiter {
        let rules: RateRules
        do throws(RateRules.Invalid) {
            rules = try RateRules(settings.rateLimit ?? (isAuthenticated ? RateRules.standardText : "off"))
        } catch {
            throw InstallationSettings.Invalid("FOOTFALL_RATE_LIMIT: \(error)")
        }
        guard let url = settings.redisURL else { return RateLimiter(rules, logger: logger) }
        do throws(RedisTarget.Invalid) {
            return RateLimiter(rules, redis: RedisRates(try RedisTarget(url)), logger: logger)
        } catch {
            throw InstallationSettings.Invalid(error.description)
        }
    }
}
