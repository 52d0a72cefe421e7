import Access
import Crypto
import EventLog
import EventSourcing
import HTTPTypes
import Hummingbird
import Secrets

extension HTTPField.Name {
    static let idempotencyKey = HTTPField.Name("Idempotency-Key")
    static let idempotencyReplayed = HTTPField.Name("Idempotency-Replayed")
}

/// The key under which a client makes a request once (draft-ietf-httpapi-idempotency-key-header): 1 to 255 visible ASCII
/// characters, in quotes, as the draft has it, or bare, as most clients send it. Both are the same key.
struct IdempotencyKey: Hashable {
    let text: String

    init(text: String) { self.text = text }

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
        let quote = UInt8(ascii: "\"")
        var text = Array(value.utf8)[...]
        if text.count >= 2, text.first == quote, text.last == quote { text = text.dropFirst().dropLast() }
        let isAllowed =
            (1...255).contains(text.count)
            && text.allSatisfy { (0x21...0x7E).contains($0) && $0 != quote && $0 != UInt8(ascii: "\\") }
        return isAllowed ? String(decoding: text, as: UTF8.self) : nil
    }

    /// Stands for the key of this user, as their issuer knows them: each has keys of their own.
    func id(of principal: Principal) -> String {
        var hash = SHA256()
        for part in [principal.issuer.text, principal.name, text].map({ Array($0.utf8) }) {
            withUnsafeBytes(of: UInt64(part.count).bigEndian) { hash.update(bufferPointer: $0) }
            hash.update(data: part)
        }
        return Array(hash.finalize()).hexadecimal
    }

    /// Tells requests apart: by method, address and body. The body may hold a password that can be guessed, so what is
    /// kept says nothing to who has no key.
    static func fingerprint(of request: Request, body: ByteBuffer, by key: RequestKey) -> String {
        key.fingerprint(of: [
            Array(request.method.rawValue.utf8), Array(request.uri.string.utf8), Array(body.readableBytesView),
        ])
    }
}
