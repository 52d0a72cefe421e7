import HTTPTypes
import Hummingbird

/// Gives every answer the headers that keep browsers from making more of it than it is. What an answer says itself
/// stays: pages, for instance, have a content policy of their own.
struct SecurityHeaders: RouterMiddleware {
    private let always: [HTTPField]
    private let policy = HTTPField(
        name: .contentSecurityPolicy, value: "default-src 'none'; frame-ancestors 'none'")
    private let caching = HTTPField(name: .cacheControl, value: "no-store")
    /// An answer with a version may be kept, and is asked for again each time (`If-None-Match`).
    private let versionedCaching = HTTPField(name: .cacheControl, value: "private, no-cache")

    /// - Parameter isSecure: whether the server is reached by TLS.
    init(isSecure: Bool) {
        var always = [
            HTTPField(name: .xContentTypeOptions, value: "nosniff"),
            HTTPField(name: .referrerPolicy, value: "no-referrer"),
            HTTPField(name: .crossOriginResourcePolicy, value: "same-origin"),
        ]
        if isSecure { always.append(HTTPField(name: .strictTransportSecurity, value: "max-age=31536000")) }
        self.always = always
    }

    func handle(
        _ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        var response = try await next(request, context)
        for field in always { response.headers.add(field) }
        response.headers.add(policy)
        response.headers.add(response.headers.contains(.eTag) ? versionedCaching : caching)
        return response
    }
}

extension HTTPFields {
    /// Adds a header where there is none of that name.
    fileprivate mutating func add(_ field: HTTPField) {
        if !contains(field.name) { append(field) }
    }
}

extension HTTPField.Name {
    static let referrerPolicy = headerName("Referrer-Policy")
    static let crossOriginResourcePolicy = headerName("Cross-Origin-Resource-Policy")
}
