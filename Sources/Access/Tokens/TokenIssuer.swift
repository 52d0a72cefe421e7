import EventSourcing
import JWTKit

/// Whom a token is to name, what it allows, and how long it lasts.
package struct TokenGrant: Sendable {
    package var subject: String
    package var roles: Set<Role>
    /// Beside those of the roles.
    package var permissions: Set<Permission>
    package var scope: Scope
    package var lifetime: Duration

    package init(
        subject: String, roles: Set<Role>, permissions: Set<Permission> = [], scope: Scope = .all, lifetime: Duration
    ) {
        self.subject = subject
        self.roles = roles
        self.permissions = permissions
        self.scope = scope
        self.lifetime = lifetime
    }

    fileprivate func claims(from now: Timestamp, id: String, _ rules: TokenRules) -> JSON {
        let seconds = { (instant: Timestamp) in JSON.integer(instant.microseconds / 1_000_000) }
        var claims: JSONObject = [
            "sub": .string(subject), "roles": .array(roles.map(\.rawValue).sorted().map(JSON.string)),
            "iat": seconds(now), "nbf": seconds(now),
            "exp": seconds(now + lifetime), "jti": .string(id),
        ]
        if !permissions.isEmpty {
            claims["permissions"] = .array(permissions.map(\.rawValue).sorted().map(JSON.string))
        }
        claims["iss"] = rules.issuer.map(JSON.string)
        claims["aud"] = rules.audience.map(JSON.string)
        switch scope {
        case .all: break
        case .cameras(let ids): claims["cameras"] = .array(ids.sorted().map(JSON.integer))
        case .location(let text): claims["location"] = .string(text)
        case .assigned(let worker): claims["worker"] = .string(worker)
        }
        return .object(claims)
    }
}

/// Signs tokens: by the installation's own key, or by the secret that it shares with its servers.
package struct TokenIssuer: Sendable {
    private let header: JSON
    private let rules: TokenRules
    private let algorithm: any JWTAlgorithm

    package init(_ key: SigningKey) async throws {
        header = ["alg": "EdDSA", "kid": .string(key.id), "typ": "JWT"]
        rules = SigningKey.rules
        algorithm = try await key.algorithm
    }

    package init(_ secret: TokenSecret, _ rules: TokenRules) async throws {
        header = ["alg": "HS256", "typ": "JWT"]
        self.rules = rules
        algorithm = try await secret.algorithm
    }

    /// - Parameter id: one that no other token has.
    package func token(for grant: TokenGrant, id: String, at now: Timestamp) throws -> String {
        let claims = grant.claims(from: now, id: id, rules)
        let signed = "\(Base64URL.encode(header.bytes)).\(Base64URL.encode(claims.bytes))"
        return "\(signed).\(Base64URL.encode(try algorithm.sign(Array(signed.utf8))))"
    }
}
