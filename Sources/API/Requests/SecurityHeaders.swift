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
        let given = response.headers
        for field in always where given[field.name] == nil { response.headers.append(field) }
        if given[.contentSecurityPolicy] == nil { response.headers.append(policy) }
        if given[.cacheControl] == nil {
            response.headers.append(given[.eTag] == nil ? caching : versionedCaching)
        }
        return response
    }
}

extension HTTPField.Name {
    static var referrerPolicy: HTTPField.Name { headerName("Referrer-Policy") }
    static var crossOriginResourcePolicy: HTTPField.Name { headerName("Cross-Origin-Resource-Policy") }
}
