import EventSourcing

/// A signed token in compact form (RFC 7515, 7519), taken apart and not verified yet: nothing in it is to be believed.
struct CompactToken: Sendable {
    static let maximumBytes = 8192

    /// What a token's header says that matters here. It names a key that is known already, and never brings one.
    struct Header: Sendable {
        let algorithm: String
        let keyID: String?

        /// - Throws: `TokenFailure` for what RFC 8725 and RFC 7515 (section 4.1.11) say to refuse.
        init(_ json: JSON) throws(TokenFailure) {
            guard let members = json.object, let algorithm = members["alg"]?.string else { throw .malformed }
            for name in ["jwk", "jku", "x5u", "x5c", "crit", "b64", "enc", "zip"] where members[name] != nil {
                throw .refusedHeader(name)
            }
            if let type = members["typ"] {
                guard let text = type.string, Self.isTokenType(text.lowercased()) else { throw .refusedHeader("typ") }
            }
            if let id = members["kid"] {
                guard let text = id.string else { throw .refusedHeader("kid") }
                keyID = text
            } else {
                keyID = nil
            }
            self.algorithm = algorithm
        }

        /// Other kinds of token (`logout+jwt`, `dpop+jwt`, …) prove other things, though the same key may sign them.
        private static func isTokenType(_ type: String) -> Bool {
            ["jwt", "at+jwt", "application/jwt", "application/at+jwt"].contains(type)
        }
    }

    let header: Header
    /// What the signature signs.
    let signedBytes: [UInt8]
    let signature: [UInt8]
    private let payload: [UInt8]

    init(_ text: String) throws(TokenFailure) {
        guard text.utf8.count <= Self.maximumBytes else { throw .tooLarge }
        let parts = text.utf8.split(separator: UInt8(ascii: "."), maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 3, let header = Base64URL.decode(parts[0]), let payload = Base64URL.decode(parts[1]),
            let signature = Base64URL.decode(parts[2])
        else { throw .malformed }
        self.header = try Header(Self.json(header))
        self.payload = payload
        self.signature = signature
        signedBytes = Array(text.utf8[parts[0].startIndex..<parts[1].endIndex])
    }

    /// The claims, for anyone who has verified the signature.
    var claims: JSON { get throws(TokenFailure) { try Self.json(payload) } }

    private static let limits = JSONLimits(depth: 8, nameBytes: JSONLimits.foreign.nameBytes)

    private static func json(_ bytes: [UInt8]) throws(TokenFailure) -> JSON {
        // A member that stands there twice is an error, so that no two readers take different ones.
        do { return try JSON.parse(bytes, within: Self.limits) } catch { throw .malformed }
    }
}
