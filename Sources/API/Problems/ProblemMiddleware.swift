import Hummingbird
import Logging
import Resilience

extension ProblemCode {
    /// How an answer with it is logged; nil where it is the client's affair alone.
    fileprivate var logLevel: Logger.Level? {
        switch self {
        // Part of every first start.
        case .notReady: .info
        case .unreadableHistory: .error
        default: status.kind == .serverError ? .error : nil
        }
    }
}

/// Turns whatever a handler throws into a problem's answer. Only the log learns of inner errors.
struct ProblemMiddleware: RouterMiddleware {
    func handle(
        _ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch {
            let problem = Problem(error)
            if let level = problem.code.logLevel {
                let reason = "\(problem.cause ?? error)"
                // Of a database that is away each request would tell the same.
                let isRepeated = problem.headers[.retryAfter] != nil && !FailureNotices.shared.isDue(reason)
                context.logger.log(
                    level: isRepeated ? .debug : level, "request failed",
                    metadata: ["code": "\(problem.code.rawValue)", "reason": "\(reason)"])
            }
            return problem.response
        }
    }
}
