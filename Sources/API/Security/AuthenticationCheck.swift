import Access
import Hummingbird

/// Finds out who sent the request, or refuses it. What comes after it knows the principal (`APIContext.principal`).
///
/// A request that does not prove who sends it counts for the address that it came from, and so does one whose token
/// somebody else is asked about, before that is done.
struct AuthenticationCheck: RouterMiddleware {
    let authentication: Authentication
    /// nil: nothing is limited.
    let limiter: RateLimiter?
    let connections: ConnectionBook

    func handle(
        _ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        context.principal = try await principal(of: request, UnprovedRequest(limiter, from: context.clientAddress))
        connections.prove(context.channel)
        return try await next(request, context)
    }

    private func principal(
        of request: Request, _ unproved: UnprovedRequest
    ) async throws(Problem) -> Principal {
        let principal: Principal
        do throws(Problem) { principal = try await authentication.principal(of: request, unproved) } catch {
            if error.code.status.kind == .clientError || error.code == .identityUnavailable {
                try await unproved.count()
            }
            throw error
        }
        await unproved.giveBack()
        return principal
    }
}
