import Access
import Crypto
import EventSourcing
import Foundation
import JWTKit
import Testing

@testable import Access

/// Tokens that are verified by the keys of a set.
@Suite struct KeySetTests {
    private let ed = Curve25519.Signing.PrivateKey()
    private let ec = P256.Signing.PrivateKey()

    private func failure(_ token: String, _ set: [UInt8]) async throws -> TokenFailure? {
        let verifier = try await TokenVerifier(
            own: nil,
            authority: .keySet(TokenRules(), now: { Tokens.now }, logger: .silent, load: { set }), now: { Tokens.now })
        do throws(TokenFailure) {
            _ = try await verifier.verify(token)
            return nil
        } catch { return error }
    }

    @Test func eachKindOfKeyVerifiesByItsOwnAlgorithm() async throws {
        let set = Tokens.set(Tokens.jwk(ed.publicKey, id: "a"), Tokens.jwk(ec.publicKey, id: "b"))
        #expect(try await failure(Tokens.ed25519(ed, header: ["alg": "EdDSA", "kid": "a"]), set) == nil)
        #expect(try await failure(Tokens.es256(ec, header: ["alg": "ES256", "kid": "b"]), set) == nil)
        #expect(try await failure(Tokens.ed25519(ed, header: ["alg": "EdDSA", "kid": "b"]), set) == .wrongAlgorithm)
        #expect(try await failure(Tokens.es256(ec, header: ["alg": "ES256", "kid": "a"]), set) == .wrongAlgorithm)
        #expect(try await failure(Tokens.es256(.init(), header: ["alg": "ES256", "kid": "b"]), set) == .wrongSignature)
    }

    @Test func rsaKeysVerify() async throws {
        let key = try Insecure.RSA.PrivateKey(pem: RSASample.privateKey)
        let keys = JWTKeyCollection()
        await keys.add(rsa: key, digestAlgorithm: .sha256, kid: "r")
        let claims = Tokens.claims()
        let header: JSON = ["alg": "RS256", "kid": "r"]
        let signed = "\(Base64URL.encode(header.bytes)).\(Base64URL.encode(claims.bytes))"
        let signature = try await keys.getKey(for: "r").sign(Array(signed.utf8))
        let set = Tokens.set(RSASample.jwk)
        #expect(try await failure("\(signed).\(Base64URL.encode(signature))", set) == nil)
    }

    /// The oldest trick: the public key, which everybody has, taken for a secret.
    @Test func aPublicKeyIsNoSecret() async throws {
        let set = Tokens.set(RSASample.jwk, Tokens.jwk(ed.publicKey, id: "a"))
        let keys: [Data] = [
            Data(RSASample.publicKey.utf8), Data((RSASample.publicKey + "\n").utf8), Data(set),
            ed.publicKey.rawRepresentation,
            Data(RSASample.jwk.bytes),
        ]
        for key in keys {
            for id in ["r", "a"] {
                let token = Tokens.hmac(#"{"alg":"HS256","kid":"\#(id)"}"#, Tokens.claims().text, key: key)
                #expect(try await failure(token, set) == .wrongAlgorithm)
            }
            #expect(
                try await failure(Tokens.hmac(#"{"alg":"HS256"}"#, Tokens.claims().text, key: key), set)
                    == .wrongAlgorithm)
        }
    }

    @Test(arguments: [
        "../../../../dev/null", "/dev/null", "file:///etc/passwd", "x' or '1'='1", "x' union select 'AAAA'--", "|ls",
        "",
        "https://evil.example/jwks.json",
    ])
    func aKeyIDIsNothingButAName(_ id: String) async throws {
        let set = Tokens.set(Tokens.jwk(ed.publicKey, id: "a"))
        let header: JSON = ["alg": "HS256", "kid": .string(id)]
        #expect(try await failure(Tokens.hmac(header.text, Tokens.claims().text, key: Data()), set) == .unknownKey)
        #expect(
            try await failure(Tokens.ed25519(ed, header: ["alg": "EdDSA", "kid": .string(id)]), set) == .unknownKey)
        #expect(
            try await failure(Tokens.ed25519(ed, header: ["alg": "EdDSA", "kid": 1]), set) == .refusedHeader("kid"))
    }

    @Test func aTokenWithoutAKeyIDIsTriedWithTheKeysOfItsAlgorithm() async throws {
        let other = Curve25519.Signing.PrivateKey()
        let set = Tokens.set(
            Tokens.jwk(ec.publicKey, id: "b"), Tokens.jwk(other.publicKey, id: "c"), Tokens.jwk(ed.publicKey, id: "a"))
        #expect(try await failure(Tokens.ed25519(ed, header: ["alg": "EdDSA"]), set) == nil)
        #expect(try await failure(Tokens.es256(ec, header: ["alg": "ES256"]), set) == nil)
        #expect(try await failure(Tokens.ed25519(.init(), header: ["alg": "EdDSA"]), set) == .wrongSignature)
    }

    @Test func keysUnderOneIDAreAllTried() async throws {
        let other = Curve25519.Signing.PrivateKey()
        let set = Tokens.set(
            Tokens.jwk(ec.publicKey, id: "a"), Tokens.jwk(other.publicKey, id: "a"), Tokens.jwk(ed.publicKey, id: "a"))
        #expect(try await failure(Tokens.ed25519(ed, header: ["alg": "EdDSA", "kid": "a"]), set) == nil)
        #expect(try await failure(Tokens.es256(ec, header: ["alg": "ES256", "kid": "a"]), set) == nil)
        #expect(
            try await failure(Tokens.ed25519(.init(), header: ["alg": "EdDSA", "kid": "a"]), set) == .wrongSignature)
    }

    @Test func keysForSomethingElseAreLeftOut() async throws {
        let unfit = [
            Tokens.jwk(ed.publicKey, id: "a", ["use": "enc"]), Tokens.jwk(ed.publicKey, id: "a", ["key_ops": ["sign"]]),
            Tokens.jwk(ed.publicKey, id: "a", ["alg": "ES256"]), Tokens.jwk(ed.publicKey, id: "a", ["alg": "HS256"]),
            ["kty": "oct", "kid": "a", "alg": "HS256", "k": .string(Base64URL.encode(Tokens.secretText.utf8))],
            ["kty": "RSA", "kid": "a", "n": "AQAB", "e": "AQAB"],
            ["kty": "EC", "kid": "a", "crv": "P-256", "x": "AA", "y": "AA"],
            7, nil, [],
        ]
        for key: JSON in unfit {
            let set = Tokens.set(key, Tokens.jwk(ec.publicKey, id: "b"))
            #expect(try await failure(Tokens.ed25519(ed, header: ["alg": "EdDSA", "kid": "a"]), set) == .unknownKey)
            #expect(
                try await failure(Tokens.hmac(#"{"alg":"HS256","kid":"a"}"#, Tokens.claims().text), set) == .unknownKey)
        }
    }

    /// A set may show the private part by mistake; the key verifies all the same.
    @Test func privatePartsAreNotLookedAt() async throws {
        let jwk = Tokens.jwk(ed.publicKey, id: "a", ["d": "AAAA", "use": "sig", "key_ops": ["verify"], "alg": "EdDSA"])
        #expect(try await failure(Tokens.ed25519(ed, header: ["alg": "EdDSA", "kid": "a"]), Tokens.set(jwk)) == nil)
    }
}
