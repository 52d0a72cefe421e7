import Crypto
import EventLog
import EventSourcing
import HTTPTypes
import Hummingbird

extension HTTPField.Name {
    static let idempotencyKey = HTTPField.Name("Idempotency-Key")
    static let idempotencyReplayed = HTTPField.Name("Idempotency-Replayed")
}

/// The key under which a client makes a request once (draft-ietf-httpapi-idempotency-key-header): 1 to 255 visible ASCII
/// characters, in quotes, as the draft has it, or bare, as most clients send it. Both are the same key.
struct IdempotencyKey: Hashable {
    let text: String

    /// nil where the request has none.
    init?(_ request: Request) throws(Problem) {
        guard let name = HTTPField.Name.idempotencyKey else { return nil }
        let values = request.headers[values: name]
        guard let value = values.first else { return nil }
        guard values.count == 1, let text = Self.parse(value) else {
            throw Problem(
                .malformedHeader,
                "Idempotency-Key is one key of 1 to 255 visible ASCII characters without quotes and backslashes, itself "
                    + "in quotes or bare.")
        }
        self.text = text
    }

    private static func parse(_ value: String) -> String? {
        var text = Substring(value)
        if text.count >= 2, text.hasPrefix("\""), text.hasSuffix("\"") { text = text.dropFirst().dropLast() }
        let isAllowed =
            (1...255).contains(text.utf8.count)
            && text.utf8.allSatisfy {
                (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\")
            }
        return isAllowed ? String(text) : nil
    }

    /// Stands for the key of this user: each has keys of their own.
    func id(of principal: String) -> String { Self.digest([Array(principal.utf8), Array(text.utf8)]) }

    /// Tells requests apart: by method, address and body.
    static func fingerprint(of request: Request, body: ByteBuffer) -> String {
        digest([
            Array(request.method.rawValue.utf8), Array(request.uri.string.utf8), Array(body.readableBytesView),
        ])
    }

    /// The SHA-256 of the parts, each after its length.
    private static func digest(_ parts: [[UInt8]]) -> String {
        var hash = SHA256()
        for part in parts {
            withUnsafeBytes(of: UInt64(part.count).bigEndian) { hash.update(bufferPointer: $0) }
            hash.update(data: part)
        }
        return Array(hash.finalize()).hexadecimal
    }
}
