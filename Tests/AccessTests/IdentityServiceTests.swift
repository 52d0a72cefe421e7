import Access
import EventSourcing
import Foundation
import Resilience
import Synchronization
import Testing

@testable import Access

/// An identity service that is asked about tokens.
@Suite struct IdentityServiceTests {
    private struct Down: Error {}

    private let clock = SetClock()
    private let shelf = Shelf<IdentityService.Answer>((200, []))

    private func verifier() async throws -> TokenVerifier {
        let service = IdentityService(
            now: { [clock] in clock.now }, logger: .silent, ask: { [shelf] _ in try shelf.take() })
        return try await TokenVerifier(own: nil, authority: .service(service), now: { [clock] in clock.now })
    }

    private func answers(_ status: Int = 200, _ body: String = #"{"id":7,"username":"ana","role":"operator"}"#) {
        shelf.put(.success((status, Array(body.utf8))))
    }

    @Test func whomItNamesIsRememberedForSeconds() async throws {
        let verifier = try await verifier()
        answers()
        for _ in 0..<3 {
            let principal = try await verifier.verify("opaque-token")
            #expect(
                principal
                    == Principal(
                        issuer: .service, name: "ana", roles: [.operator], permissions: Role.operator.permissions))
        }
        #expect(shelf.count == 1)
        answers(401, "")
        clock.advance(by: .seconds(30))
        await #expect(throws: TokenFailure.refused) { try await verifier.verify("opaque-token") }
        await #expect(throws: TokenFailure.refused) { try await verifier.verify("opaque-token") }
        #expect(shelf.count == 2)
        answers()
        clock.advance(by: .seconds(5))
        #expect(try await verifier.verify("opaque-token").name == "ana")
    }

    /// One network that sends made up tokens keeps the tokens of others from nothing.
    @Test func oneNetworkHasItsPlacesAndNoMore() async throws {
        let isOpen = Mutex(false)
        let asked = Mutex(0)
        let service = IdentityService(
            now: { [clock] in clock.now }, logger: .silent,
            ask: { _ in
                let isAttackers = asked.withLock { asked in
                    asked += 1
                    return asked <= IdentityService.maximumAskedForANetwork
                }
                while isAttackers, !isOpen.withLock(\.self) { await Task.yield() }
                return isAttackers ? (401, []) : (200, Array(#"{"sub":"ana"}"#.utf8))
            })
        let verifier = try await TokenVerifier(own: nil, authority: .service(service), now: { [clock] in clock.now })
        await withTaskGroup(of: TokenFailure?.self) { group in
            for number in 0..<20 {
                group.addTask {
                    do throws(TokenFailure) {
                        _ = try await verifier.verify("made-up-\(number)", from: "attacker")
                        return nil
                    } catch { return error }
                }
            }
            let unavailable = TokenFailure.unavailable(retryAfter: .seconds(2))
            for _ in 0..<20 - IdentityService.maximumAskedForANetwork { #expect(await group.next() == unavailable) }
            let honest = try? await verifier.verify("honest", from: "elsewhere")
            #expect(honest?.name == "ana")
            isOpen.withLock { $0 = true }
            for await failure in group { #expect(failure == .refused) }
        }
        #expect(try await verifier.verify("later", from: "attacker").name == "ana")
    }

    @Test func nothingIsAskedAgainstALimit() async throws {
        let verifier = try await verifier()
        answers()
        await #expect(throws: TokenFailure.notAsked) { try await verifier.verify("t", mayAsk: { false }) }
        #expect(shelf.count == 0)
        #expect(try await verifier.verify("t").name == "ana")
        // What is known is not asked about.
        #expect(try await verifier.verify("t", mayAsk: { false }).name == "ana")
    }

    @Test(arguments: [400, 401, 403, 404, 410]) func anythingButA200IsANo(_ status: Int) async throws {
        answers(status)
        let verifier = try await verifier()
        await #expect(throws: TokenFailure.refused) { try await verifier.verify("t") }
    }

    @Test(arguments: [
        #"{"valid":false,"sub":"ana"}"#, #"{"active":false,"sub":"ana"}"#, #"{"user":{"id":1,"active":false}}"#,
    ])
    func aUserWhoIsNotActiveIsANo(_ body: String) async throws {
        answers(200, body)
        let verifier = try await verifier()
        await #expect(throws: TokenFailure.refused) { try await verifier.verify("t") }
    }

    @Test(arguments: [(500, "{}"), (302, ""), (429, ""), (408, ""), (200, "<html>"), (200, "[]"), (204, "")])
    func whatIsNoAnswerIsNotANo(_ status: Int, _ body: String) async throws {
        answers(status, body)
        let verifier = try await verifier()
        await #expect(throws: TokenFailure.unavailable(retryAfter: .seconds(2))) { try await verifier.verify("t") }
        shelf.put(.failure(Down()))
        await #expect(throws: TokenFailure.unavailable(retryAfter: .seconds(2))) { try await verifier.verify("t") }
    }

    @Test func whileItIsDownItIsLeftAlone() async throws {
        let circuit = CircuitBreaker(
            "identity", Circuit.Rule(failures: 3), now: { [start = ContinuousClock.now] in start })
        let service = IdentityService(
            circuit: circuit, now: { [clock] in clock.now }, logger: .silent, ask: { [shelf] _ in try shelf.take() })
        let verifier = try await TokenVerifier(own: nil, authority: .service(service), now: { [clock] in clock.now })
        #expect(verifier.circuit === circuit)
        answers(401)
        for token in ["a", "b", "c", "d"] {
            await #expect(throws: TokenFailure.refused) { try await verifier.verify(token) }
        }
        answers(500)
        for _ in 0..<3 { await #expect(throws: TokenFailure.self) { try await verifier.verify("t") } }
        #expect(circuit.state == .open)
        let asked = shelf.count
        await #expect(throws: TokenFailure.self) { try await verifier.verify("t") }
        #expect(shelf.count == asked)
    }

    @Test func theUserMayStandInsideAndBeLimited() async throws {
        answers(
            200,
            #"{"user":{"sub":"ana","roles":["viewer"],"permissions":["camera:control"],"location":"Hall","cameras":null}}"#
        )
        let principal = try await verifier().verify("t")
        #expect(principal.permissions == [.read, .control])
        #expect(principal.scope == .location("Hall"))
    }

    @Test(arguments: ["", " ", "a b", "a\r\nX: y", "ä"]) func nothingButATokenIsHandedOn(_ text: String) async throws {
        let verifier = try await verifier()
        await #expect(throws: TokenFailure.malformed) { try await verifier.verify(text) }
        #expect(shelf.count == 0)
    }
}
