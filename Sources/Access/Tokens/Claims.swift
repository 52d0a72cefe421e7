import EventSourcing

/// Which tokens of an issuer are for this server.
package struct TokenRules: Sendable {
    /// How far the clocks of issuer and server may lie apart.
    static let leeway = Duration.seconds(30)

    /// What `iss` must be; nil for anything.
    package var issuer: String?
    /// What must be in `aud`; nil for anything.
    package var audience: String?

    package init(issuer: String? = nil, audience: String? = nil) {
        self.issuer = issuer
        self.audience = audience
    }

    /// - Parameter claims: of a token whose signature was verified.
    /// - Returns: until when the token is valid, the leeway included.
    func check(_ claims: JSON, at now: Timestamp) throws(TokenFailure) -> Timestamp {
        guard let expiry = try Self.instant(claims, "exp") else { throw .badClaim("exp") }
        if expiry + Self.leeway <= now { throw .expired }
        if let start = try Self.instant(claims, "nbf"), now < start - Self.leeway { throw .notYetValid }
        if let issuer, claims["iss"] != .string(issuer) { throw .wrongIssuer }
        if let audience {
            switch claims["aud"] {
            case .string(let given) where given.isExactly(audience): break
            case .array(let audiences) where audiences.contains(.string(audience)): break
            default: throw .wrongAudience
            }
        }
        return expiry + Self.leeway
    }

    /// What a revocation of the token goes by.
    static func issued(_ claims: JSON, to subject: String) throws(TokenFailure) -> IssuedToken {
        if let id = claims["jti"], id.string == nil { throw .badClaim("jti") }
        return IssuedToken(id: claims["jti"]?.string, subject: subject, issuedAt: try instant(claims, "iat"))
    }

    private static let lastSecond = 253_402_300_799.0  // 9999-12-31T23:59:59Z

    /// A `NumericDate` (RFC 7519, section 2): seconds since 1970, a fraction allowed.
    private static func instant(_ claims: JSON, _ name: String) throws(TokenFailure) -> Timestamp? {
        guard let claim = claims[name] else { return nil }
        guard let seconds = claim.number, (0...lastSecond).contains(seconds) else { throw .badClaim(name) }
        return Timestamp(microseconds: Int64(seconds * 1_000_000))
    }
}

extension Principal {
    /// Whom a token's claims name. Names of roles and permissions that are unknown here are another program's, and give
    /// nothing; a limit that cannot be read is never taken for none.
    init(claims: JSON) throws(TokenFailure) {
        guard let subject = claims["sub"]?.string else { throw .badClaim("sub") }
        let iss = claims["iss"]?.string?.inNormalForm
        try self.init(issuer: .token(iss: iss), name: subject, of: claims)
    }

    /// - Parameter claims: members `roles` or `role`, `permissions`, and `cameras`, `location` or `worker`.
    init(issuer: Issuer, name: String, of claims: JSON) throws(TokenFailure) {
        guard Self.isName(name) else { throw .badClaim("sub") }
        let name = name.inNormalForm
        // Blanks belong to a role's name: `Site admin` is a role of somebody else's, and not `admin`.
        var names = try Self.texts(claims, "roles")
        if let role = claims["role"], role != .null {
            guard let text = role.string else { throw .badClaim("role") }
            names.append(text)
        }
        let roles = Set(names.compactMap { Role(exactly: $0) })
        let given = try Self.texts(claims, "permissions").flatMap { $0.split(separator: " ") }
        var permissions = Set(given.compactMap { Permission(exactly: String($0)) })
        for role in roles { permissions.formUnion(role.permissions) }
        self.init(
            issuer: issuer, name: name, roles: roles, permissions: permissions,
            scope: try Self.scope(claims, worker: roles.contains(.worker) ? name : nil))
    }

    /// - Parameter worker: the name of a worker whose token need not repeat it.
    private static func scope(_ claims: JSON, worker: String?) throws(TokenFailure) -> Scope {
        var scopes: [Scope] = []
        if let cameras = claims["cameras"] {
            guard let list = cameras.array else { throw .badClaim("cameras") }
            let ids = list.compactMap(\.integer)
            guard ids.count == list.count else { throw .badClaim("cameras") }
            scopes.append(.cameras(Set(ids)))
        }
        if let location = claims["location"] {
            guard let text = location.string, !text.isEmpty else { throw .badClaim("location") }
            scopes.append(.location(text.inNormalForm))
        }
        if let claim = claims["worker"] {
            guard let text = claim.string, isName(text) else { throw .badClaim("worker") }
            scopes.append(.assigned(worker: text.inNormalForm))
        } else if let worker {
            scopes.append(.assigned(worker: worker))
        }
        guard scopes.count < 2 else { throw .ambiguousScope }
        return scopes.first ?? .all
    }

    /// A list of names: an array of strings, or a string with one.
    private static func texts(_ claims: JSON, _ name: String) throws(TokenFailure) -> [String] {
        switch claims[name] {
        case nil, .null: return []
        case .string(let text): return [text]
        case .array(let list):
            let texts = list.compactMap(\.string)
            guard texts.count == list.count else { throw .badClaim(name) }
            return texts
        default: throw .badClaim(name)
        }
    }

    /// What events can be stored with: 1 to 255 characters, none of them a control character, no blank at the ends.
    private static func isName(_ text: String) -> Bool {
        let scalars = text.unicodeScalars
        guard let first = scalars.first, let last = scalars.last, scalars.count <= 255 else { return false }
        return !first.properties.isWhitespace && !last.properties.isWhitespace
            && !scalars.contains { $0.properties.generalCategory == .control }
    }
}
