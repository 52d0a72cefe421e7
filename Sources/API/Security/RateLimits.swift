import Access
import HTTPTypes
import Hummingbird

extension HTTPField.Name {
    static let rateLimit = HTTPField.Name("RateLimit")
    static let rateLimitPolicy = HTTPField.Name("RateLimit-Policy")
}

/// Counts requests against their users' limits, and says on every answer what is left
/// (draft-ietf-httpapi-ratelimit-headers-10: `RateLimit-Policy` and `RateLimit`).
///
/// Whatever leads to a route counts once, whether it is read or changed, answered or refused; what is open to everybody
/// (health, documentation) does not count. A request that does not prove who sends it counts for the address that it
/// came from.
struct RateLimits: RouterMiddleware {
    let limiter: RateLimiter

    /// Takes a request of a known user off what they may make, and serves it unless nothing is left.
    func handle(
        _ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        let principal = context.principal
        guard let rule = limiter.rules.rule(for: principal.roles) else { return try await next(request, context) }
        let decision = await limiter.take(Caller(principal), by: rule)
        guard decision.isAllowed else { throw Self.exceeded(rule, decision) }
        let headers = Self.headers(rule, decision)
        do {
            var response = try await next(request, context)
            for field in headers { response.headers[field.name] = field.value }
            return response
        } catch {
            var problem = Problem(error)
            problem.cause = problem.cause ?? error
            for field in headers { problem.headers[field.name] = field.value }
            throw problem
        }
    }

    static func exceeded(_ rule: RateRules.Rule, _ decision: RateLimit.Decision) -> Problem {
        var headers = headers(rule, decision)
        headers[.retryAfter] = String(max(1, decision.retryAfter.wholeSeconds))
        let limit = rule.limit
        return Problem(
            .rateLimited, "At most \(limit.requests) requests in \(limit.period.wholeSeconds) seconds.",
            headers: headers)
    }

    private static func headers(_ rule: RateRules.Rule, _ decision: RateLimit.Decision) -> HTTPFields {
        var headers = HTTPFields()
        if let name = HTTPField.Name.rateLimitPolicy {
            headers[name] = "\"\(rule.name)\";q=\(rule.limit.requests);w=\(rule.limit.period.wholeSeconds)"
        }
        if let name = HTTPField.Name.rateLimit {
            headers[name] = "\"\(rule.name)\";r=\(decision.remaining);t=\(decision.reset.wholeSeconds)"
        }
        return headers
    }
}
