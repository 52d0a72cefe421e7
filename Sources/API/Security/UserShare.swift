import Hummingbird

/// Counts a request among those of its user that are worked on: of these each user has a share.
struct UserShare: RouterMiddleware {
    func handle(
        _ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        try RequestPlace.takeShare()
        return try await next(request, context)
    }
}
