import API
import Access
import Foundation
import Installation
import Logging
import Settings

extension Authentication {
    /// - Parameter key: by which this installation signs tokens itself.
    static func configured(
        by settings: AuthenticationSettings, key: SigningKey?, logger: Logger
    ) async throws -> Authentication {
        guard settings.isOn else {
            logger.warning("nothing is asked of requests (--auth off): anyone who reaches the API may do everything")
            return .off
        }
        if settings.authority?.isExposed == true {
            logger.warning(
                """
                tokens are verified over plain HTTP across a network (FOOTFALL_AUTH_PLAIN_HTTP): anyone on the way \
                could read them, or have their own accepted
                """)
        }
        let rules = TokenRules(issuer: settings.issuer, audience: settings.audience)
        let authority: TokenAuthority?
        switch settings.authority {
        case nil: authority = nil
        case .secret(let text): authority = try await .secret(try TokenSecret.configured(text), rules)
        case .keySet(let url):
            authority = .keySet(rules, now: Server.now, logger: logger, load: KeySetSource(url).load)
        case .service(let url):
            authority = .service(IdentityService(url, now: Server.now, logger: logger))
        }
        return .tokens(
            try await TokenVerifier(
                own: key, authority: authority, revocations: Revocations(isComplete: false), now: Server.now))
    }
}

extension TokenSecret {
    static func configured(_ text: String) throws -> TokenSecret {
        guard let secret = TokenSecret(text) else {
            throw InvalidSettings("the secret for tokens has less than \(minimumBytes) bytes")
        }
        return secret
    }
}
