/// Why a token does not prove who sends it. The sentences are for the sender of the token; they name no key and no
/// inner error.
package enum TokenFailure: Error, Hashable, Sendable {
    case tooLarge
    case malformed
    /// What stands in the token's header and is refused.
    case refusedHeader(String)
    case unknownKey
    /// The token names an algorithm that its key is not for.
    case wrongAlgorithm
    case wrongSignature
    case expired
    case notYetValid
    case wrongIssuer
    case wrongAudience
    /// A claim that is missing, or that has a form which it cannot have.
    case badClaim(String)
    case ambiguousScope
    /// It was ended before it expires.
    case revoked
    /// The identity service says no.
    case refused
    /// Too much was asked about for those who sent it.
    case notAsked
    /// The service that could tell cannot be asked now.
    case unavailable(retryAfter: Duration)

    package var sentence: String {
        switch self {
        case .tooLarge: "A token has at most \(CompactToken.maximumBytes) bytes."
        case .malformed: "This is not a signed token (JWS in compact form)."
        case .refusedHeader(let name): "The token's header has a \(name) that is refused here."
        case .unknownKey: "The key that the token names is not known here."
        case .wrongAlgorithm: "The token's algorithm is not that of its key."
        case .wrongSignature: "The token's signature is wrong."
        case .expired: "The token has expired."
        case .notYetValid: "The token is not valid yet."
        case .wrongIssuer: "The token comes from another issuer."
        case .wrongAudience: "The token is for another audience."
        case .badClaim(let name): "The token's claim \(name) is missing or has a wrong form."
        case .ambiguousScope:
            "The token is limited in more than one way; cameras, location and worker exclude one another."
        case .revoked: "The token was revoked."
        case .refused: "The identity service does not accept the token."
        case .notAsked: "Too many tokens were asked about; retry later."
        case .unavailable: "Who sends the request cannot be found out now; retry."
        }
    }
}
