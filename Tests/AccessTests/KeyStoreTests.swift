import Access
import Crypto
import EventSourcing
import Foundation
import Testing

@testable import Access

/// When a key set is read again.
@Suite struct KeyStoreTests {
    private struct Down: Error {}

    private let clock = SetClock()
    private let first = Curve25519.Signing.PrivateKey()
    private let second = Curve25519.Signing.PrivateKey()
    private let shelf = Shelf<[UInt8]>([])

    private func verifier() async throws -> TokenVerifier {
        try await TokenVerifier(
            own: nil,
            authority: .keySet(
                TokenRules(), now: { [clock] in clock.now }, logger: .silent, load: { [shelf] in try shelf.take() }),
            now: { [clock] in clock.now })
    }

    private func token(_ key: Curve25519.Signing.PrivateKey, _ id: String, _ name: String = "ana") throws -> String {
        try Tokens.ed25519(
            key, header: ["alg": "EdDSA", "kid": .string(id)],
            Tokens.claims(["sub": .string(name), "exp": .integer(Tokens.seconds + 86_400)]))
    }

    @Test func anUnknownKeyHasTheSetReadAgainOnceInAWhile() async throws {
        shelf.put(.success(Tokens.set(Tokens.jwk(first.publicKey, id: "1"))))
        let verifier = try await verifier()
        #expect(try await verifier.verify(token(first, "1")).name == "ana")
        #expect(shelf.count == 1)
        shelf.put(.success(Tokens.set(Tokens.jwk(second.publicKey, id: "2"))))
        for _ in 0..<5 {
            await #expect(throws: TokenFailure.unknownKey) { try await verifier.verify(token(second, "2")) }
        }
        #expect(shelf.count == 1)
        clock.advance(by: .seconds(10))
        #expect(try await verifier.verify(token(second, "2")).name == "ana")
        #expect(shelf.count == 2)
    }

    @Test func manyAtOnceReadTheSetOnce() async throws {
        shelf.put(.success(Tokens.set(Tokens.jwk(first.publicKey, id: "1"))))
        let verifier = try await verifier()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<50 {
                let token = try token(first, "1", "user \(number)")
                group.addTask { _ = try await verifier.verify(token) }
            }
            try await group.waitForAll()
        }
        #expect(shelf.count == 1)
    }

    @Test(arguments: [
        "", "<html>", "[]", "{}", #"{"keys":[]}"#, #"{"keys":7}"#, #"{"keys":[{"kty":"oct","k":"AAAA"}]}"#,
    ])
    func withoutAnyKeysNobodyCanTell(_ text: String) async throws {
        shelf.put(.success(Array(text.utf8)))
        let verifier = try await verifier()
        await #expect(throws: TokenFailure.unavailable(retryAfter: .seconds(10))) {
            try await verifier.verify(token(first, "1"))
        }
        // What needs no key is refused all the same.
        await #expect(throws: TokenFailure.malformed) { try await verifier.verify("x") }
        shelf.put(.success(Tokens.set(Tokens.jwk(first.publicKey, id: "1"))))
        clock.advance(by: .seconds(10))
        #expect(try await verifier.verify(token(first, "1")).name == "ana")
    }

    @Test func theOldKeysStayInUseWhileTheSetCannotBeRead() async throws {
        shelf.put(.success(Tokens.set(Tokens.jwk(first.publicKey, id: "1"))))
        let verifier = try await verifier()
        _ = try await verifier.verify(token(first, "1"))
        shelf.put(.failure(Down()))
        clock.advance(by: .seconds(3600))
        #expect(try await verifier.verify(token(first, "1", "ben")).name == "ben")
        #expect(shelf.count == 2)
        await #expect(throws: TokenFailure.unknownKey) { try await verifier.verify(token(second, "2")) }
    }

    /// However the requests of that minute fall: a token that was verified is remembered, and a set that is due is read
    /// while it is still used.
    @Test(arguments: [[], [5], [14, 28], [15, 29, 49], [29], [30], [29, 31], [10, 20, 30, 40, 50]] as [[Int64]])
    func aKeyThatIsTakenOutIsRefusedWithinAMinute(requestsAt seconds: [Int64]) async throws {
        shelf.put(.success(Tokens.set(Tokens.jwk(first.publicKey, id: "1"))))
        let verifier = try await verifier()
        let seen = try token(first, "1")
        _ = try await verifier.verify(seen)
        shelf.put(.success(Tokens.set(Tokens.jwk(second.publicKey, id: "2"))))
        var now: Int64 = 0
        for second in seconds {
            clock.advance(by: .seconds(second - now))
            now = second
            // Whether it still counts then depends.
            for token in [seen, try token(first, "1", "user \(second)")] { _ = try? await verifier.verify(token) }
        }
        clock.advance(by: .seconds(60 - now))
        await #expect(throws: TokenFailure.unknownKey) { try await verifier.verify(seen) }
        await #expect(throws: TokenFailure.unknownKey) { try await verifier.verify(token(first, "1", "ben")) }
    }

    @Test func aTokenThatWasVerifiedStillExpires() async throws {
        shelf.put(.success(Tokens.set(Tokens.jwk(first.publicKey, id: "1"))))
        let verifier = try await verifier()
        let token = try Tokens.ed25519(first, header: ["alg": "EdDSA", "kid": "1"])
        _ = try await verifier.verify(token)
        clock.advance(by: .seconds(89))
        _ = try await verifier.verify(token)
        clock.advance(by: .seconds(1))
        await #expect(throws: TokenFailure.expired) { try await verifier.verify(token) }
    }

    @Test func theCacheIsBounded() {
        let cache = TokenCache<Int>(capacity: 10)
        for number in 0..<1000 {
            cache.keep(number, for: SHA256.hash(data: Data("\(number)".utf8)), until: Tokens.now + .seconds(1))
        }
        #expect(cache.count <= 10)
        let last = SHA256.hash(data: Data("999".utf8))
        #expect(cache.value(for: last, at: Tokens.now) == 999)
        #expect(cache.value(for: last, at: Tokens.now + .seconds(1)) == nil)
    }
}
