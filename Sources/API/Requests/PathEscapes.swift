import HTTPTypes
import Hummingbird

/// Percent-encoding in a request's path (RFC 3986, sections 2.1 and 6.2.2.2).
enum PathEscapes {
    /// The address with each letter, digit, hyphen, point, underscore and tilde of its path written as itself: the same
    /// address. Done once: what it gives is not decoded again. Other escapes stay, so that no separator comes of one.
    static func normalized(_ address: String) -> String {
        var output: [UInt8] = []
        output.reserveCapacity(address.utf8.count)
        var rest = Array(address.utf8)[...]
        while let byte = rest.first, byte != UInt8(ascii: "?"), byte != UInt8(ascii: "#") {
            if byte == UInt8(ascii: "%"), let escaped = value(of: rest), isUnreserved(escaped) {
                output.append(escaped)
                rest = rest.dropFirst(3)
            } else {
                output.append(byte)
                rest = rest.dropFirst()
            }
        }
        return String(decoding: output + rest, as: UTF8.self)
    }

    /// Whether each percent sign is followed by two hexadecimal digits.
    static func areValid(in path: String) -> Bool {
        let bytes = Array(path.utf8)
        return bytes.indices.allSatisfy { bytes[$0] != UInt8(ascii: "%") || value(of: bytes[$0...]) != nil }
    }

    /// The byte that the escape at the beginning stands for.
    private static func value(of text: ArraySlice<UInt8>) -> UInt8? {
        let digits = text.dropFirst().prefix(2)
        guard digits.count == 2, digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }) else { return nil }
        return UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"):
            true
        default: false
        }
    }
}

/// Refuses paths whose percent-encoding is broken, and those with empty segments: the router would not mind them, but a
/// proxy whose rules go by paths takes them for others.
struct PathEscapeCheck: RouterMiddleware {
    func handle(
        _ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        guard PathEscapes.areValid(in: request.uri.path) else {
            throw Problem(.malformedRequest, "In a path, % is followed by two hexadecimal digits.")
        }
        let path =
            request.head.path?.utf8.prefix { $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") } ?? "/".utf8.prefix(1)
        let isCanonical = path.count == 1 || !Substring(path).hasSuffix("/") && !Substring(path).contains("//")
        guard isCanonical else {
            throw Problem(.routeNotFound, "A path has no empty segments: neither // nor a / at its end.")
        }
        return try await next(request, context)
    }
}

/// The API's router, for addresses in whichever of their equal forms.
package struct NormalizingRouter: HTTPResponderBuilder {
    private let router: Router<APIContext>

    package init(_ router: Router<APIContext>) { self.router = router }

    package func buildResponder() -> CallbackResponder<APIContext> {
        let responder = router.buildResponder()
        return CallbackResponder { request, context in
            guard let address = request.head.path, address.utf8.contains(UInt8(ascii: "%")) else {
                return try await responder.respond(to: request, context: context)
            }
            var head = request.head
            head.path = PathEscapes.normalized(address)
            return try await responder.respond(to: Request(head: head, body: request.body), context: context)
        }
    }
}
