import Crypto
import EventSourcing
import Foundation
import JWTKit

/// A key that verifies tokens by one algorithm, whatever a token says about that (RFC 8725, sections 3.1 and 3.2).
struct VerificationKey: Sendable {
    let id: String?
    /// As in a token's `alg`: RS256, ES256, EdDSA or HS256.
    let algorithm: String
    private let verifier: any JWTAlgorithm

    func hasSigned(_ token: CompactToken) -> Bool {
        // A signature that has not even the right form is thrown upon; it is as wrong as any other.
        (try? verifier.verify(token.signature, signs: token.signedBytes)) ?? false
    }

    /// A key of a set (RFC 7517); its private parts, if any, are not looked at.
    /// - Returns: nil for a key that is for something else, or by which tokens are not verified here.
    init?(_ jwk: JSON) async {
        guard let type = jwk["kty"]?.string, Self.isForVerifying(jwk) else { return nil }
        let (algorithm, parts): (String, [String])
        switch (type, jwk["crv"]?.string) {
        case ("RSA", _) where Self.isSound(modulus: jwk["n"], exponent: jwk["e"]):
            (algorithm, parts) = ("RS256", ["n", "e"])
        case ("EC", "P-256"): (algorithm, parts) = ("ES256", ["crv", "x", "y"])
        case ("OKP", "Ed25519"): (algorithm, parts) = ("EdDSA", ["crv", "x"])
        default: return nil
        }
        if let given = jwk["alg"], given != .string(algorithm) { return nil }
        if let id = jwk["kid"], id.string == nil { return nil }

        var members: JSONObject = ["kty": .string(type), "alg": .string(algorithm), "kid": "key"]
        for name in parts { members[name] = jwk[name] }
        do {
            let key = try JSONDecoder().decode(JWK.self, from: Data(JSON.object(members).bytes))
            let keys = JWTKeyCollection()
            try await keys.add(jwk: key)
            verifier = try await keys.getKey()
        } catch { return nil }
        id = jwk["kid"]?.string
        self.algorithm = algorithm
    }

    /// A secret that issuer and server share, for HS256.
    init(secret: TokenSecret) async throws {
        (id, algorithm) = (nil, "HS256")
        verifier = try await secret.algorithm
    }

    private static func isForVerifying(_ jwk: JSON) -> Bool {
        if let use = jwk["use"], use != "sig" { return false }
        if let operations = jwk["key_ops"], operations.array?.contains("verify") != true { return false }
        return true
    }

    /// 2048 to 8192 bits: a shorter key is weak (RFC 7518, section 3.3), a longer one only takes time.
    private static func isSound(modulus: JSON?, exponent: JSON?) -> Bool {
        guard let modulus = modulus?.string.flatMap(Base64URL.decode), let exponent = exponent?.string,
            let exponent = Base64URL.decode(exponent)
        else { return false }
        return (256...1024).contains(modulus.drop { $0 == 0 }.count) && (1...4).contains(exponent.count)
            && exponent != [1]
    }
}

/// A secret for HS256, which signs tokens as well as it verifies them.
package struct TokenSecret: Sendable {
    package static let minimumBytes = 32

    private let key: SymmetricKey

    /// - Returns: nil where it is shorter than the hash (RFC 7518, section 3.2).
    package init?(_ text: String) {
        guard text.utf8.count >= Self.minimumBytes else { return nil }
        key = SymmetricKey(data: Array(text.utf8))
    }

    var algorithm: any JWTAlgorithm {
        get async throws {
            let keys = JWTKeyCollection()
            await keys.add(hmac: HMACKey(key: key), digestAlgorithm: .sha256)
            return try await keys.getKey()
        }
    }
}
