import HTTPTypes
import Hummingbird
import Resilience

/// Refuses requests that are too long, and those that are too many at a time.
struct RequestLimits: RouterMiddleware {
    private let maximumBodyBytes: Int
    private let largeBodyBytes: Int
    private let requests: Semaphore
    private let streams: Semaphore
    private let shares: Semaphore
    private let bodies: Semaphore

    init(_ policy: NetworkPolicy) {
        maximumBodyBytes = policy.maximumBodyBytes
        largeBodyBytes = policy.largeBodyBytes
        requests = Semaphore(policy.maximumRequests)
        streams = Semaphore(policy.maximumStreams)
        shares = Semaphore(ofUser: policy.maximumRequestsOfUser)
        bodies = Semaphore(policy.maximumBodies, ofUser: policy.maximumBodiesOfUser)
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
        let place = requests.take().map {
            RequestPlace($0, of: requests, shares: shares, bodies: bodies, sender: context.sender)
        }
        defer { withExtendedLifetime(place) {} }
        // Probes must tell a busy server from a dead one, and from one that is of no use.
        guard place != nil || ["/health/live", "/health/ready"].contains(where: request.uri.path.hasSuffix) else {
            throw Problem.overloaded
        }
        var response = try await RequestPlace.$current.withValue(place) {
            let isLarge = mayBeLarge(request, context)
            if maximumBodyBytes == Request.maximumBodyBytes, !isBodyAwaited, !isLarge {
                return try await next(request, context)
            }
            return try await Request.$maximumBodyBytes.withValue(maximumBodyBytes) {
                try await ExpectedBody.$waiting.withValue(isBodyAwaited ? context.channel : nil) {
                    try await withTaskExecutorPreference(isLarge ? BodyThread.shared : nil) {
                        try await next(request, context)
                    }
                }
            }
        }
        response.body = SlicedBody.of(response.body)
        // What is long in coming would keep others out; it is counted for itself.
        if response.body.contentLength == nil, request.method != .head {
            guard let permit = streams.take() else {
                throw Problem.passing(.overloaded, "Too many long answers are being sent; retry.")
            }
            let body = response.body
            response.body = ResponseBody { writer in
                defer { withExtendedLifetime(permit) {} }
                try await body.write(writer)
            }
        }
        return response
    }

    /// Whether the body has many bytes, or may have them since it does not say how many.
    private func mayBeLarge(_ request: Request, _ context: APIContext) -> Bool {
        if [.get, .head, .delete, .options].contains(request.method) { return false }
        // Over HTTP/1 there is no body then, unless it comes in chunks (RFC 9112, section 6.3).
        guard let length = request.headers[.contentLength] else {
            return request.headers[.transferEncoding] != nil || context.channel.isStream
        }
        return Int(length) ?? .max >= largeBodyBytes
    }
}

extension Problem {
    static func bodyTooLarge(maximum: Int) -> Problem {
        Problem(.bodyTooLarge, "A body has at most \(maximum) bytes.")
    }
}
