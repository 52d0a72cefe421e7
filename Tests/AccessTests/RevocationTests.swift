import EventSourcing
import Foundation
import Testing

@testable import Access

/// Tokens that were ended before they expire.
@Suite struct RevocationTests {
    private let revocations = Revocations()
    private let clock = SetClock()

    private func verifier(_ revocations: Revocations? = nil) async throws -> TokenVerifier {
        try await TokenVerifier(
            own: nil, authority: .secret(Tokens.secret(), TokenRules()), revocations: revocations ?? self.revocations,
            now: { [clock] in clock.now })
    }

    private static func token(_ subject: String, id: String? = nil, issued: Int64? = 0) -> String {
        Tokens.hmac(
            Tokens.claims([
                "sub": .string(subject), "jti": id.map(JSON.string),
                "iat": issued.map { .integer(Tokens.seconds + $0) },
            ]))
    }

    private func isRefused(_ token: String, by verifier: TokenVerifier) async -> Bool {
        do throws(TokenFailure) {
            _ = try await verifier.verify(token)
            return false
        } catch {
            #expect(error == .revoked)
            return true
        }
    }

    @Test func oneIsEndedByItsID() async throws {
        let verifier = try await verifier()
        let (one, other) = (Self.token("ana", id: "a"), Self.token("ana", id: "b"))
        #expect(await !isRefused(one, by: verifier))
        revocations.add(.token(id: "a"))
        #expect(await isRefused(one, by: verifier))
        #expect(await !isRefused(other, by: verifier))
        #expect(await !isRefused(Self.token("ana"), by: verifier))
    }

    @Test func thoseOfASubjectAreEndedUpToATime() async throws {
        let verifier = try await verifier()
        let old = [Self.token("ana", issued: -50), Self.token("ana", issued: 0), Self.token("ana", issued: nil)]
        let others = [Self.token("ana", issued: 1), Self.token("Ana"), Self.token("ben", issued: nil)]
        for token in old + others { #expect(await !isRefused(token, by: verifier)) }
        revocations.add(.subject("ana", issuedBefore: Tokens.now))
        // An earlier time takes nothing back.
        revocations.add(.subject("ana", issuedBefore: Tokens.now - .seconds(1000)))
        for token in old { #expect(await isRefused(token, by: verifier)) }
        for token in others { #expect(await !isRefused(token, by: verifier)) }
    }

    @Test func allAreEndedUpToATime() async throws {
        let verifier = try await verifier()
        revocations.add(.all(issuedBefore: Tokens.now))
        #expect(await isRefused(Self.token("ana"), by: verifier))
        #expect(await isRefused(Self.token("ben", issued: nil), by: verifier))
        #expect(await !isRefused(Self.token("ana", issued: 1), by: verifier))
        revocations.replace(by: [])
        #expect(await !isRefused(Self.token("ana"), by: verifier))
    }

    @Test func nobodyIsLetInBeforeTheyAreRead() async throws {
        let unread = Revocations(isComplete: false)
        let verifier = try await verifier(unread)
        await #expect(throws: TokenFailure.unavailable(retryAfter: .seconds(1))) {
            try await verifier.verify(Self.token("ana"))
        }
        unread.replace(by: [.subject("ben", issuedBefore: Tokens.now)])
        #expect(await !isRefused(Self.token("ana"), by: verifier))
        #expect(await isRefused(Self.token("ben"), by: verifier))
    }

    /// An identity service ends its sessions itself: it is asked again at once, not after the time for which an answer counts.
    @Test func anIdentityServiceIsAskedAgain() async throws {
        let shelf = Shelf<IdentityService.Answer>((200, Array(#"{"username":"ana","role":"operator"}"#.utf8)))
        let service = IdentityService(now: { [clock] in clock.now }, logger: .silent, ask: { _ in try shelf.take() })
        let verifier = try await TokenVerifier(
            own: nil, authority: .service(service), revocations: revocations, now: { [clock] in clock.now })
        for _ in 0..<2 { _ = try await verifier.verify("opaque") }
        #expect(shelf.count == 1)
        revocations.add(.subject("ana", issuedBefore: clock.now))
        clock.advance(by: .seconds(1))
        #expect(try await verifier.verify("opaque").name == "ana")
        #expect(shelf.count == 2)
        revocations.add(.all(issuedBefore: clock.now))
        clock.advance(by: .seconds(1))
        shelf.put(.success((401, [])))
        await #expect(throws: TokenFailure.refused) { try await verifier.verify("opaque") }
    }

    @Test func whatWasIssuedIsNotedWithoutTheToken() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "footfall-issued-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }  // a folder in /tmp may stay
        let issued = IssuedTokens(in: folder)
        #expect(try issued.all().isEmpty)
        let grant = TokenGrant(
            subject: "ana", roles: [.operator], permissions: [.report], scope: .cameras([2, 1]), lifetime: .seconds(60))
        try issued.add(IssuedTokens.Entry(grant, id: "a", at: Tokens.now), at: Tokens.now)
        try issued.add(IssuedTokens.Entry(grant, id: "b", at: Tokens.now + .seconds(59)), at: Tokens.now + .seconds(59))
        let all = try issued.all()
        #expect(all.map(\.id) == ["a", "b"])
        #expect(all[0].grants == ["operator", "worker:report"])
        #expect(all[0].limit == "cameras=1,2")
        #expect(all[0].expiresAt == Tokens.now + .seconds(60))
        // What has expired is left out with the next.
        try issued.add(IssuedTokens.Entry(grant, id: "c", at: Tokens.now + .seconds(60)), at: Tokens.now + .seconds(60))
        #expect(try issued.all().map(\.id) == ["b", "c"])
        revocations.add(.token(id: "c"))
        #expect(try issued.all().map(revocations.include) == [false, true])
        let file = folder.appending(path: "issued-tokens.jsonl").path
        #expect(try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int == 0o600)
    }
}
