import Crypto
import EventSourcing
import Foundation
import JWTKit

/// The key by which an installation signs tokens itself: Ed25519, in a file that only its owner can read.
///
/// Of a pair of keys rather than a secret, so that servers elsewhere can verify what it signs (`publicKeySet`) without
/// being able to sign.
package struct SigningKey: Sendable {
    package struct Unusable: Error, CustomStringConvertible {
        package let description: String
    }

    /// Its thumbprint (RFC 7638), which tokens name it by.
    package let id: String
    private let key: Curve25519.Signing.PrivateKey

    static let rules = TokenRules(issuer: "footfall", audience: "footfall")
    private static let fileName = "token-key.json"

    /// The key of the installation with this data directory, made where there is none yet. Of several processes that
    /// make it at the same time, all get the key of the one that was first.
    package static func make(in directory: URL) throws -> SigningKey {
        let file = directory.appending(path: fileName)
        if let key = try read(file) { return key }
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let new = SigningKey(Curve25519.Signing.PrivateKey())
        try PrivateFile.create(file, containing: new.privateJWK.bytes)
        guard let key = try read(file) else { throw Unusable(description: "\(file.path) went away") }
        return key
    }

    init(_ key: Curve25519.Signing.PrivateKey) {
        self.key = key
        let thumbprint = #"{"crv":"Ed25519","kty":"OKP","x":"\#(Base64URL.encode(key.publicKey.rawRepresentation))"}"#
        id = Base64URL.encode(SHA256.hash(data: Data(thumbprint.utf8)))
    }

    private static func read(_ file: URL) throws -> SigningKey? {
        guard let bytes = try PrivateFile.read(file) else { return nil }
        guard let json = try? JSON.parse(bytes), json["crv"] == "Ed25519",  // its text is not to be shown
            let seed = json["d"]?.string.flatMap(Base64URL.decode),
            let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: seed)  // as above
        else { throw Unusable(description: "\(file.path) is not a key (a JWK for Ed25519)") }
        return SigningKey(key)
    }

    private var publicJWK: JSONObject {
        [
            "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": .string(id),
            "x": .string(Base64URL.encode(key.publicKey.rawRepresentation)),
        ]
    }

    private var privateJWK: JSON {
        var members = publicJWK
        members["d"] = .string(Base64URL.encode(key.rawRepresentation))
        return .object(members)
    }

    /// The set (RFC 7517) by which others verify the tokens.
    package var publicKeySet: [UInt8] { JSON.object(["keys": [.object(publicJWK)]]).bytes }

    var algorithm: any JWTAlgorithm {
        get async throws {
            let keys = JWTKeyCollection()
            await keys.add(eddsa: EdDSA.PrivateKey(backing: key))
            return try await keys.getKey()
        }
    }
}
