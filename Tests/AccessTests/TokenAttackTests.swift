import Access
import Crypto
import EventSourcing
import Foundation
import Testing

@testable import Access

/// Tokens that were made up, altered or meant for something else (RFC 8725).
@Suite struct TokenAttackTests {
    private func verifier(_ rules: TokenRules = TokenRules()) async throws -> TokenVerifier {
        try await TokenVerifier(
            own: nil, authority: try await .secret(try Tokens.secret(), rules), now: { Tokens.now })
    }

    private func failure(_ token: String, _ rules: TokenRules = TokenRules()) async throws -> TokenFailure? {
        let verifier = try await verifier(rules)
        do throws(TokenFailure) {
            _ = try await verifier.verify(token)
            return nil
        } catch { return error }
    }

    @Test func aTokenOfTheSecretNamesItsSubject() async throws {
        let principal = try await verifier().verify(Tokens.hmac())
        #expect(principal.name == "ana")
        #expect(principal.permissions == [.read])
        #expect(principal.scope == .all)
    }

    @Test(arguments: ["none", "None", "nOnE", "NONE", "", "HS384", "HS512", "RS256", "EdDSA", "hs256"])
    func anotherAlgorithmIsRefusedHoweverItIsSpelt(_ algorithm: String) async throws {
        let header = #"{"alg":"\#(algorithm)"}"#
        #expect(try await failure(Tokens.hmac(header, Tokens.claims().text)) == .wrongAlgorithm)
        let unsigned = Tokens.hmac(header, Tokens.claims().text).split(separator: ".").prefix(2).joined(separator: ".")
        #expect(try await failure(unsigned + ".") == .wrongAlgorithm)
        #expect(try await failure(unsigned) == .malformed)
    }

    @Test(arguments: [
        "", ".", "..", "...", "a.b.c", "e30.e30.e30", "Bearer x", "eyJ.eyJ.", "\u{0}.\u{0}.\u{0}",
        "e30.e30.e30.e30.e30",
        "ä.ö.ü",
    ])
    func whatIsNoTokenIsRefused(_ text: String) async throws {
        #expect(try await failure(text) == .malformed)
    }

    @Test func aTokenOfAMegabyteIsRefusedUnread() async throws {
        #expect(try await failure(String(repeating: "a", count: 1 << 20)) == .tooLarge)
        #expect(
            try await failure(Tokens.hmac(Tokens.claims(["x": .string(String(repeating: "a", count: 8192))])))
                == .tooLarge)
    }

    @Test func aTokenNestedDeeplyIsRefused() async throws {
        let deep = String(repeating: "[", count: 2000) + String(repeating: "]", count: 2000)
        #expect(try await failure(Tokens.hmac(Tokens.header.text, #"{"a":\#(deep)}"#)) == .malformed)
        #expect(try await failure(Tokens.hmac(#"{"alg":\#(deep)}"#, "{}")) == .malformed)
    }

    @Test(arguments: ["jwk", "jku", "x5u", "x5c", "crit", "b64", "enc", "zip"])
    func aHeaderThatBringsAKeyOrAnExtensionIsRefused(_ name: String) async throws {
        for value: JSON in ["https://evil.example/keys", ["kty": "oct", "k": "AAAA"], ["exp"], nil] {
            var header = Tokens.header.object ?? [:]
            header[name] = .some(value)
            #expect(try await failure(Tokens.hmac(header: .object(header))) == .refusedHeader(name))
        }
    }

    @Test(arguments: [("logout+jwt", false), ("dpop+jwt", false), ("JWT", true), ("at+JWT", true), ("", false)])
    func onlyTokensForAccessCount(_ type: String, _ isAccepted: Bool) async throws {
        let failure = try await failure(Tokens.hmac(header: ["alg": "HS256", "typ": .string(type)]))
        #expect(failure == (isAccepted ? nil : .refusedHeader("typ")))
        #expect(try await self.failure(Tokens.hmac(header: ["alg": "HS256"])) == nil)
    }

    @Test func anAlteredTokenIsRefused() async throws {
        let parts = Tokens.hmac().split(separator: ".").map(String.init)
        let admin = Base64URL.encode(Tokens.claims(["roles": ["admin"]]).bytes)
        #expect(try await failure("\(parts[0]).\(admin).\(parts[2])") == .wrongSignature)
        #expect(try await failure("\(parts[0]).\(parts[1]).") == .wrongSignature)
        #expect(try await failure("\(parts[0]).\(parts[1]).AAAA") == .wrongSignature)
        #expect(
            try await failure(Tokens.hmac(Tokens.header.text, Tokens.claims().text, key: Data())) == .wrongSignature)
    }

    @Test func claimsThatStandThereTwiceAreRefused() async throws {
        let exp = Tokens.seconds + 60
        #expect(
            try await failure(
                Tokens.hmac(Tokens.header.text, #"{"sub":"ana","exp":\#(exp),"roles":["viewer"],"roles":["admin"]}"#))
                == .malformed)
        #expect(
            try await failure(Tokens.hmac(#"{"alg":"HS256","alg":"none"}"#, Tokens.claims().text)) == .malformed)
    }

    @Test(
        arguments: [
            .string("1774785660"), .null, .bool(true), -1, .number(1e300), .integer(.max), .array([1]), .number(-0.5),
            .integer(253_402_300_800),
        ] as [JSON])
    func anExpiryOfAnotherFormIsRefused(_ expiry: JSON) async throws {
        #expect(try await failure(Tokens.hmac(Tokens.claims(["exp": expiry]))) == .badClaim("exp"))
    }

    @Test func timesAreHeldToHalfAMinute() async throws {
        #expect(try await failure(Tokens.hmac(Tokens.claims(["exp": nil]))) == .badClaim("exp"))
        let claims: [(String, Double, TokenFailure?)] = [
            ("exp", -29.5, nil), ("exp", -30, .expired), ("exp", -3600, .expired), ("exp", 0.5, nil),
            ("nbf", 30, nil), ("nbf", 30.5, .notYetValid), ("nbf", -10, nil),
        ]
        for (name, offset, expected) in claims {
            let token = Tokens.hmac(Tokens.claims([name: .number(Double(Tokens.seconds) + offset)]))
            #expect(try await failure(token) == expected, "\(name) \(offset)")
        }
        #expect(try await failure(Tokens.hmac(Tokens.claims(["nbf": "soon"]))) == .badClaim("nbf"))
    }

    @Test func issuerAndAudienceAreThoseConfigured() async throws {
        let rules = TokenRules(issuer: "https://id.example", audience: "footfall")
        func failure(_ issuer: JSON?, _ audience: JSON?) async throws -> TokenFailure? {
            try await self.failure(Tokens.hmac(Tokens.claims(["iss": issuer, "aud": audience])), rules)
        }
        #expect(try await failure("https://id.example", "footfall") == nil)
        #expect(try await failure("https://id.example", ["other", "footfall"]) == nil)
        for wrong: JSON? in [nil, "https://id.example/", ["https://id.example"], "HTTPS://ID.EXAMPLE", nil] {
            #expect(try await failure(wrong, "footfall") == .wrongIssuer)
        }
        for wrong: JSON? in [nil, "other", ["other"], [], "Footfall", [["footfall"]], ["a": "footfall"]] {
            #expect(try await failure("https://id.example", wrong) == .wrongAudience)
        }
    }

    @Test func aLimitThatCannotBeReadIsNeverTakenForNone() async throws {
        for (name, value): (String, JSON) in [
            ("cameras", "1,2"), ("cameras", nil), ("cameras", ["1"]), ("cameras", [1.5]), ("location", ""),
            ("location", ["a"]), ("location", nil), ("worker", 7), ("worker", ""), ("roles", 7), ("roles", [7]),
            ("permissions", ["a": true]), ("sub", 7), ("sub", ""), ("sub", "a\nb"), ("sub", " ana"),
        ] {
            #expect(try await failure(Tokens.hmac(Tokens.claims([name: value]))) == .badClaim(name), "\(name) \(value)")
        }
        #expect(try await failure(Tokens.hmac(Tokens.claims(["sub": nil]))) == .badClaim("sub"))
        #expect(try await failure(Tokens.hmac(Tokens.claims(["cameras": [1], "location": "x"]))) == .ambiguousScope)
        #expect(
            try await failure(Tokens.hmac(Tokens.claims(["roles": ["worker"], "cameras": [1]]))) == .ambiguousScope)
    }

    @Test func aWorkersTokenIsForTheWorkerThatItNames() async throws {
        let verifier = try await verifier()
        let own = try await verifier.verify(Tokens.hmac(Tokens.claims(["sub": "w1", "roles": "worker"])))
        #expect(own.scope == .assigned(worker: "w1"))
        let named = try await verifier.verify(Tokens.hmac(Tokens.claims(["roles": ["worker"], "worker": "w2"])))
        #expect(named.scope == .assigned(worker: "w2"))
    }

    /// An identity provider's display name is one name.
    @Test(arguments: ["Site admin", "admin viewer", " admin", "admin ", "admin,viewer", "viewer\tadmin"])
    func aRolesNameMayHaveBlanks(name: String) async throws {
        for claim in ["roles", "role"] {
            let claims = Tokens.claims(["roles": nil, claim: .string(name)])
            #expect(try await verifier().verify(Tokens.hmac(claims)).roles.isEmpty, "\(claim)")
        }
        let listed = Tokens.claims(["roles": [.string(name), "viewer"]])
        #expect(try await verifier().verify(Tokens.hmac(listed)).roles == [.viewer])
        #expect(try await verifier().verify(Tokens.hmac(Tokens.claims(["roles": "admin"]))).roles == [.admin])
    }

    /// Bits behind the last byte stand for nothing; two texts would be one token.
    @Test func aTokenIsWrittenInOneWay() async throws {
        let token = Tokens.hmac()
        #expect(try await failure(token) == nil)
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
        let last = try #require(token.last.flatMap(alphabet.firstIndex(of:)))
        // Of the last of 43 characters for 32 bytes, two bits are left over.
        #expect(last % 4 == 0)
        for bits in 1...3 {
            #expect(try await failure(String(token.dropLast()) + String(alphabet[last + bits])) == .malformed)
        }
        #expect(Base64URL.decode("QQ") == [0x41])
        for text in ["QR", "QQ=", "Q", "QUJ", "QU I", "QU\n"] { #expect(Base64URL.decode(text) == nil, "\(text)") }
    }

    @Test func unknownRolesAndPermissionsGiveNothing() async throws {
        let claims = Tokens.claims(["roles": ["Admin", "root", "*"], "permissions": ["camera:*", "camera:read"]])
        #expect(try await verifier().verify(Tokens.hmac(claims)).permissions == [.read])
    }
}
