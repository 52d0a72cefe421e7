import Hummingbird

/// Makes sure that the log reaches the positions that a request names: the event that it follows from (`Causation`), whose
/// position goes into the context, and the one that a command is to come after.
struct PositionCheck: RouterMiddleware {
    let readModels: ReadModels

    func handle(
        _ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        context.causationID = try await causation(of: request)
        if ![.get, .head].contains(request.method), let minimum = try Query.position(request) {
            try await readModels.checkLog(reaches: minimum)
        }
        return try await next(request, context)
    }

    private func causation(of request: Request) async throws -> String? {
        guard let position = try Causation.position(request) else { return nil }
        guard try await position <= readModels.head() else { throw Causation.ahead }
        return String(position)
    }
}
