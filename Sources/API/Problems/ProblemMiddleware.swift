import Hummingbird

/// Turns whatever a handler throws into a problem's answer. Only the log learns of inner errors.
struct ProblemMiddleware: RouterMiddleware {
    func handle(
        _ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch {
            let problem = Problem(error)
            if problem.code.status.kind == .serverError {
                context.logger.error(
                    "request failed",
                    metadata: ["code": "\(problem.code.rawValue)", "reason": "\(problem.cause ?? error)"])
            }
            return problem.response
        }
    }
}
