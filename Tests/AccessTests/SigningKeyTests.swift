import Access
import Crypto
import EventSourcing
import Foundation
import Testing

@testable import Access

/// The key that an installation makes for itself.
@Suite struct SigningKeyTests {
    private func withFolder(_ body: (URL) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "footfall-key-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }  // a folder in /tmp may stay
        try await body(folder)
    }

    private func token(_ key: SigningKey, _ scope: Scope = .all, lifetime: Duration = .seconds(60)) async throws
        -> String
    {
        let grant = TokenGrant(subject: "ana", roles: [.operator], scope: scope, lifetime: lifetime)
        return try await TokenIssuer(key).token(for: grant, id: "1", at: Tokens.now)
    }

    @Test func itIsMadeOnceAndOnlyForItsOwner() async throws {
        try await withFolder { folder in
            let key = try SigningKey.make(in: folder)
            #expect(try SigningKey.make(in: folder).id == key.id)
            let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            #expect(files == ["token-key.json"])
            let path = folder.appending(path: files[0]).path
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            #expect(mode == 0o600)
        }
    }

    @Test func whoeverMakesItAtTheSameTimeGetsTheSame() async throws {
        try await withFolder { folder in
            let ids = try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<16 { group.addTask { try SigningKey.make(in: folder).id } }
                return try await group.reduce(into: Set<String>()) { $0.insert($1) }
            }
            #expect(ids.count == 1)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["token-key.json"])
        }
    }

    @Test func aKeyThatOthersCanReadIsRefused() async throws {
        try await withFolder { folder in
            _ = try SigningKey.make(in: folder)
            chmod(folder.appending(path: "token-key.json").path, 0o640)
            #expect(throws: PrivateFile.Failure.self) { try SigningKey.make(in: folder) }
        }
    }

    @Test(arguments: ["", "{}", #"{"crv":"Ed25519","d":"AAAA"}"#]) func aFileThatIsNoKeyIsLeftAlone(_ text: String)
        async throws
    {
        try await withFolder { folder in
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try PrivateFile.create(folder.appending(path: "token-key.json"), containing: Array(text.utf8))
            #expect(throws: SigningKey.Unusable.self) { try SigningKey.make(in: folder) }
        }
    }

    @Test func itsTokensCountHereAndWhereItsPublicKeysAre() async throws {
        let key = SigningKey(Curve25519.Signing.PrivateKey())
        let own = try await TokenVerifier(own: key, now: { Tokens.now })
        for scope in [Scope.all, .cameras([1, 2]), .location("Hall"), .assigned(worker: "w1")] {
            let principal = try await own.verify(token(key, scope))
            #expect(
                principal
                    == Principal(
                        issuer: .token(iss: "footfall"), name: "ana", roles: [.operator],
                        permissions: Role.operator.permissions, scope: scope))
        }
        let rules = TokenRules(issuer: "footfall", audience: "footfall")
        let elsewhere = try await TokenVerifier(
            own: nil, authority: .keySet(rules, now: { Tokens.now }, logger: .silent, load: { key.publicKeySet }),
            now: { Tokens.now })
        #expect(try await elsewhere.verify(token(key)).name == "ana")
        await #expect(throws: TokenFailure.expired) { try await own.verify(token(key, lifetime: .seconds(-31))) }
        let stranger = SigningKey(Curve25519.Signing.PrivateKey())
        await #expect(throws: TokenFailure.unknownKey) { try await own.verify(token(stranger)) }
    }

    @Test func ownTokensCountBesideThoseOfAnAuthority() async throws {
        let key = SigningKey(Curve25519.Signing.PrivateKey())
        let both = try await TokenVerifier(
            own: key, authority: .secret(Tokens.secret(), TokenRules()), now: { Tokens.now })
        #expect(try await both.verify(token(key)).name == "ana")
        #expect(try await both.verify(Tokens.hmac()).name == "ana")
        // Its id names the key, and nothing else signs under it.
        let forged = Tokens.hmac(header: ["alg": "HS256", "kid": .string(key.id)])
        await #expect(throws: TokenFailure.wrongAlgorithm) { try await both.verify(forged) }
    }

    @Test func aShortSecretIsNone() {
        #expect(TokenSecret(String(repeating: "a", count: 31)) == nil)
        #expect(TokenSecret(String(repeating: "a", count: 32)) != nil)
    }
}
