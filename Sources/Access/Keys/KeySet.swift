import EventSourcing

/// The keys of an issuer (a JWK set, RFC 7517) by which its tokens are verified.
struct KeySet: Sendable {
    static let maximumBytes = 1 << 20
    private static let maximumKeys = 100
    /// How many keys a token may be tried with; more under one id, or without any, is no proper set.
    private static let maximumCandidates = 8

    private let keys: [VerificationKey]
    /// Whether a token's `kid` says which key is meant. A single secret has none.
    private let hasIDs: Bool

    struct Unusable: Error, CustomStringConvertible {
        let description: String
    }

    /// Keys of a set that cannot be used here are left out.
    /// - Throws: `Unusable` where none is left.
    init(_ text: some Collection<UInt8>) async throws {
        guard text.count <= Self.maximumBytes else { throw Unusable(description: "the key set is too large") }
        let json: JSON
        do { json = try JSON.parse(text, within: JSONLimits(depth: 8, nameBytes: JSONLimits.foreign.nameBytes)) } catch
        {
            throw Unusable(description: "the key set is not JSON: \(error)")
        }
        guard let list = json["keys"]?.array else {
            throw Unusable(description: "the key set has no array keys")
        }
        var keys: [VerificationKey] = []
        for jwk in list.prefix(Self.maximumKeys) {
            if let key = await VerificationKey(jwk) { keys.append(key) }
        }
        if keys.isEmpty { throw Unusable(description: "the key set has no key for RS256, ES256 or EdDSA") }
        self.keys = keys
        hasIDs = true
    }

    init(_ secret: TokenSecret) async throws {
        keys = [try await VerificationKey(secret: secret)]
        hasIDs = false
    }

    /// Whether the key that the header names is here; a header that names none is satisfied with any.
    func knows(_ header: CompactToken.Header) -> Bool { !hasIDs || header.keyID == nil || !named(header).isEmpty }

    /// - Throws: `TokenFailure` unless one of the keys that the token may be signed by has signed it.
    func verify(_ token: CompactToken) throws(TokenFailure) {
        let named = named(token.header)
        if named.isEmpty { throw .unknownKey }
        let candidates = named.filter { $0.algorithm == token.header.algorithm }
        if candidates.isEmpty { throw .wrongAlgorithm }
        guard candidates.prefix(Self.maximumCandidates).contains(where: { $0.hasSigned(token) }) else {
            throw .wrongSignature
        }
    }

    private func named(_ header: CompactToken.Header) -> [VerificationKey] {
        guard hasIDs, let id = header.keyID else { return keys }
        return keys.filter { $0.id == id }
    }
}
