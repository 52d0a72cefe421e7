import EventSourcing
import Logging

/// What verifies tokens that an installation has not signed itself.
package struct TokenAuthority: Sendable {
    enum Kind: Sendable {
        case keySet(KeyStore, TokenRules)
        case secret(KeySet, TokenRules)
        case service(IdentityService)
    }

    let kind: Kind

    /// Tokens signed by a key of a set (RFC 7517), which `load` reads from its file or address.
    package static func keySet(
        _ rules: TokenRules, now: @escaping @Sendable () -> Timestamp, logger: Logger,
        load: @escaping @Sendable () async throws -> [UInt8]
    ) -> TokenAuthority {
        TokenAuthority(kind: .keySet(KeyStore(now: now, logger: logger, load: load), rules))
    }

    /// Whatever the service accepts, a JSON Web Token or not.
    package static func service(_ service: IdentityService) -> TokenAuthority {
        TokenAuthority(kind: .service(service))
    }

    /// Tokens signed by a secret that their issuer shares with this server.
    package static func secret(_ secret: TokenSecret, _ rules: TokenRules) async throws -> TokenAuthority {
        TokenAuthority(kind: .secret(try await KeySet(secret), rules))
    }
}
