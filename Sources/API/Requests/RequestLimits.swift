import HTTPTypes
import Hummingbird

/// Refuses requests that are too long, and those that are too many at a time.
struct RequestLimits: RouterMiddleware {
    private let maximumBodyBytes: Int
    private let requests: Slots
    private let streams: Slots

    init(_ policy: NetworkPolicy) {
        maximumBodyBytes = policy.maximumBodyBytes
        requests = Slots(policy.maximumRequests)
        streams = Slots(policy.maximumStreams)
    }

    func handle(
        _ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        if request.uri.string.utf8.count > NetworkPolicy.maximumAddressBytes {
            throw Problem(
                .addressTooLong, "A path with its query has at most \(NetworkPolicy.maximumAddressBytes) bytes.")
        }
        if let length = request.headers[.contentLength], Int(length) ?? .max > maximumBodyBytes {
            throw Problem.bodyTooLarge(maximum: maximumBodyBytes)
        }
        // Where another coding ends is anybody's guess; who guesses otherwise than a proxy lets requests be smuggled in.
        if let coding = request.headers[.transferEncoding], coding.lowercased() != "chunked" {
            throw Problem(.malformedRequest, "The only Transfer-Encoding is chunked.")
        }
        let isBodyAwaited = try ExpectedBody.isAwaited(by: request)
        // Probes must tell a busy server from a dead one.
        let place = requests.take().map { RequestPlace($0, of: requests) }
        defer { withExtendedLifetime(place) {} }
        guard place != nil || request.uri.path.hasSuffix("/health/live") else {
            throw Problem.passing(.overloaded, "Too many requests are being worked on; try again.")
        }
        var response = try await RequestPlace.$current.withValue(place) {
            if maximumBodyBytes == Request.maximumBodyBytes, !isBodyAwaited { return try await next(request, context) }
            return try await Request.$maximumBodyBytes.withValue(maximumBodyBytes) {
                try await ExpectedBody.$waiting.withValue(isBodyAwaited ? context.channel : nil) {
                    try await next(request, context)
                }
            }
        }
        // What is long in coming would keep others out; it is counted for itself.
        if response.body.contentLength == nil, request.method != .head {
            guard let slot = streams.take() else {
                throw Problem.passing(.overloaded, "Too many long answers are being sent; try again.")
            }
            let body = response.body
            response.body = ResponseBody { writer in
                defer { withExtendedLifetime(slot) {} }
                try await body.write(writer)
            }
        }
        return response
    }
}

extension Problem {
    static func bodyTooLarge(maximum: Int) -> Problem {
        Problem(.bodyTooLarge, "A body has at most \(maximum) bytes.")
    }
}
