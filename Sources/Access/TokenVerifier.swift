import Crypto
import EventSourcing
import Logging
import Resilience

/// Finds out whom a bearer token names: a JSON Web Token of an issuer whose keys are known here, of this installation
/// itself, or any that the identity service verifies.
///
/// What was verified is remembered until it expires, for twenty seconds at most, so that a key that was withdrawn does
/// not count for longer: a request costs a hash and a look-up then.
package final class TokenVerifier: Sendable {
    private struct Verified {
        let principal: Principal
        let token: IssuedToken
        let expiry: Timestamp
    }

    private let own: (id: String, keys: KeySet)?
    private let authority: TokenAuthority?
    private let now: @Sendable () -> Timestamp
    private let cache = TokenCache<Verified>(capacity: 10_000)

    /// Tokens that were ended before they expire.
    package let revocations: Revocations

    private static let longestMemory = Duration.seconds(20)
    private static let pause = Duration.seconds(1)

    /// - Parameters:
    ///   - own: the key by which this installation signs tokens itself.
    ///   - authority: what verifies all other tokens.
    package init(
        own: SigningKey?, authority: TokenAuthority? = nil, revocations: Revocations = Revocations(),
        now: @escaping @Sendable () -> Timestamp
    ) async throws {
        if let own { self.own = (own.id, try await KeySet(own.publicKeySet)) } else { self.own = nil }
        self.authority = authority
        self.revocations = revocations
        self.now = now
    }

    /// Of the identity service, where there is one.
    package var circuit: CircuitBreaker? {
        if case .service(let service) = authority?.kind { service.circuit } else { nil }
    }

    /// - Parameters:
    ///   - network: where the token came from.
    ///   - mayAsk: called before an identity service is asked about the token, and not where it is known; false for no.
    package func verify(
        _ token: String, from network: String = "", mayAsk: @Sendable () async -> Bool = { true }
    ) async throws(TokenFailure) -> Principal {
        guard token.utf8.count <= CompactToken.maximumBytes else { throw .tooLarge }
        guard revocations.isComplete else { throw .unavailable(retryAfter: Self.pause) }
        let digest = SHA256.hash(data: Array(token.utf8))
        let now = now()
        // One that was revoked since is verified again: an identity service says then whether it still counts.
        if let known = cache.value(for: digest, at: now), !revocations.include(known.token) { return known.principal }
        let verified = try await verified(token, digest, at: now, from: network, mayAsk)
        if revocations.include(verified.token) { throw .revoked }
        cache.keep(verified, for: digest, until: min(verified.expiry, now + Self.longestMemory))
        return verified.principal
    }

    private func verified(
        _ text: String, _ digest: SHA256Digest, at now: Timestamp, from network: String,
        _ mayAsk: @Sendable () async -> Bool
    ) async throws(TokenFailure) -> Verified {
        let parsed = Result { () throws(TokenFailure) in try CompactToken(text) }
        if let own, case .success(let token) = parsed, token.header.keyID == own.id {
            return try Self.verified(token, by: own.keys, SigningKey.rules, at: now)
        }
        if case .service(let service) = authority?.kind {
            guard Self.isBearerToken(text) else { throw .malformed }
            let principal = try await service.principal(for: text, digest, from: network, mayAsk)
            let token = IssuedToken(id: nil, subject: principal.name, issuedAt: self.now())
            return Verified(principal: principal, token: token, expiry: now + IdentityService.acceptedFor)
        }
        let token = try parsed.get()
        switch authority?.kind {
        case .secret(let keys, let rules): return try Self.verified(token, by: keys, rules, at: now)
        case .keySet(let store, let rules):
            return try Self.verified(token, by: try await store.keys(for: token.header), rules, at: now)
        case .service, nil: throw .unknownKey
        }
    }

    /// The characters of RFC 6750, section 2.1: nothing else is handed on in a header.
    private static func isBearerToken(_ text: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: "-._~+/=".utf8.contains(byte)
                }
            }
    }

    private static func verified(
        _ token: CompactToken, by keys: KeySet, _ rules: TokenRules, at now: Timestamp
    ) throws(TokenFailure) -> Verified {
        try keys.verify(token)
        let claims = try token.claims
        let expiry = try rules.check(claims, at: now)
        let principal = try Principal(claims: claims)
        return Verified(
            principal: principal, token: try TokenRules.issued(claims, to: principal.name), expiry: expiry)
    }
}
