import HTTPTypes
import Hummingbird

/// Lets pages of other origins read answers (CORS, as the Fetch standard has it): those of the list, compared
/// character by character, and no others. Credentials of the browser itself, such as cookies, are never allowed.
struct CrossOrigin: RouterMiddleware {
    /// `null` is nobody's origin: any page in a sandbox has it.
    private let origins: Set<String>

    private static let readHeaders =
        "Authorization, Content-Type, If-Match, If-None-Match, Idempotency-Key, Footfall-Actor, Footfall-Causation, "
        + "Footfall-Position, X-Request-ID, traceparent"
    private static let exposedHeaders =
        "ETag, Footfall-Position, Footfall-Skipped-Positions, Idempotency-Replayed, Link, Location, RateLimit, "
        + "RateLimit-Policy, Retry-After, X-Request-ID"

    /// Nil where no origin is on the list; then answers say nothing of origins.
    init?(_ origins: Set<String>) {
        self.origins = origins.subtracting(["null", "*"])
        if self.origins.isEmpty { return nil }
    }

    func handle(
        _ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        var response = try await next(request, context)
        let origin = request.headers[.origin].flatMap { origins.contains($0) ? $0 : nil }
        if let origin {
            // An OPTIONS that is no operation of the API is answered 405, before anybody asks who it is from.
            if request.method == .options, request.headers[.accessControlRequestMethod] != nil,
                response.status == .methodNotAllowed, let allowed = response.headers[.allow]
            {
                response = Response(
                    status: .noContent,
                    headers: [
                        .accessControlAllowMethods: allowed, .accessControlAllowHeaders: Self.readHeaders,
                        .accessControlMaxAge: "600",
                    ])
            }
            response.headers[.accessControlAllowOrigin] = origin
            response.headers[.accessControlExposeHeaders] = Self.exposedHeaders
            response.headers[.crossOriginResourcePolicy] = "cross-origin"
        }
        response.headers.append(HTTPField(name: .vary, value: "Origin"))
        return response
    }
}
