import EventSourcing
import HTTPTypes
import Postgres
import Testing
import UseCases

@testable import API
@testable import Counting

/// `POST /tokens/revoke`.
@Suite struct TokenRevocationTests {
    private static func isRevoked(_ answer: Answer) -> Bool {
        answer.status == 401 && answer["detail"] == "The token was revoked."
    }

    @Test func itHoldsWithTheAnswer() async throws {
        let tokens = try await TestTokens()
        try await withAPI(authentication: tokens.authentication) { api in
            let root = api.with(try tokens.all())
            let (ana, second) = (try tokens.token("ana", [.viewer], id: "t-1"), try tokens.token("ana", [.viewer]))
            for token in [ana, second] { #expect(try await api.with(token).get("/cameras").status == 200) }
            let one = try await root.post("/tokens/revoke", #"{"token_id":"t-1","reason":"lost"}"#)
            #expect(one.status == 200, "\(one.body)")
            #expect(
                one.json == ["token_id": "t-1", "subject": .null, "issued_before": .null, "reason": "lost"])
            #expect(Self.isRevoked(try await api.with(ana).get("/cameras")))
            #expect(try await api.with(second).get("/cameras").status == 200)

            let some = try await root.post("/tokens/revoke", #"{"subject":"ana"}"#)
            #expect(some["issued_before"] == "2026-03-29T12:00:00Z")
            #expect(Self.isRevoked(try await api.with(second).get("/cameras")))
            let later = try tokens.token("ana", [.viewer], issuedAfter: .seconds(1))
            #expect(try await api.with(later).get("/cameras").status == 200)

            // An administrator may end all, the own one too.
            #expect(
                try await root.post("/tokens/revoke", #"{"issued_before":"2026-03-29T11:59:59Z"}"#).status == 200)
            #expect(try await root.get("/cameras").status == 200)
            #expect(
                try await root.post("/tokens/revoke", #"{"issued_before":"2026-03-29T12:00:00Z"}"#).status == 200)
            #expect(Self.isRevoked(try await root.get("/cameras")))

            let events = try await api.log.readAll("tokens")
            #expect(events.map(\.type) == Array(repeating: "TokensRevoked", count: 4))
            let auditor = api.with(try tokens.token("eva", [.admin], issuedAfter: .seconds(1)))
            let audit = try await auditor.get("/audit?type=TokensRevoked")
            #expect(audit["items"]?.array?.compactMap { $0["actor"]?.string } == ["root", "root", "root", "root"])
            #expect(audit["items"]?.array?.first?["severity"] == "warning")
        }
    }

    @Test(arguments: [
        (#"{}"#, ["/token_id malformed"]), (#"{"reason":"x"}"#, ["/token_id malformed"]),
        (#"{"token_id":"a","subject":"b"}"#, ["/token_id malformed"]),
        (#"{"token_id":"a","issued_before":"2026-03-29T11:00:00Z"}"#, ["/token_id malformed"]),
        (#"{"issued_before":"2026-03-29T12:00:01Z"}"#, ["/issued_before in_future"]),
        (#"{"subject":""}"#, ["/subject too_short"]),
        (#"{"user":"ana"}"#, ["/token_id malformed", "/user unknown_member"]),
    ]) func whatIsWrongIsNamed(body: String, faults: [String]) async throws {
        try await withCommands { api in
            let answer = try await api.post("/tokens/revoke", body)
            answer.expectProblem(422, "validation_failed")
            #expect(answer.faults == faults, "\(answer.body)")
            #expect(try await api.log.head() == 0)
        }
    }

    /// Another process: it hears of it, and a restart reads what was revoked before.
    @Test func everyProcessKeepsThem() async throws {
        let tokens = try await TestTokens()
        try await withAPI(authentication: tokens.authentication) { api in
            let (target, pool) = (try #require(api.target), try #require(api.pool))
            let root = api.with(try tokens.all())
            #expect(try await root.post("/tokens/revoke", #"{"token_id":"t-1"}"#).status == 200)
            // What the second process knows is its own.
            let others = try await TestTokens(sharing: tokens, isRead: false)
            let listener = Listener(target, channels: [TokenRevocation.channel], logger: .silent)
            let watch = RevocationWatch(
                try #require(others.authentication.revocations), log: api.log, pool: pool, listener: listener,
                logger: .silent)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await listener.run() }
                group.addTask { await watch.run() }
                try await withCommands(log: api.log, authentication: others.authentication) { second in
                    let first = try tokens.token("ana", [], [], id: "t-1")
                    let other = try tokens.token("ana", [], [], id: "t-2")
                    while try await second.with(first).get("/audit").status == 503 { await Task.yield() }
                    #expect(Self.isRevoked(try await second.with(first).get("/audit")))
                    try await second.with(other).get("/audit").expectProblem(403, "forbidden")
                    let began = ContinuousClock.now
                    #expect(try await root.post("/tokens/revoke", #"{"subject":"ana"}"#).status == 200)
                    while try await second.with(other).get("/audit").status == 403 { await Task.yield() }
                    #expect(Self.isRevoked(try await second.with(other).get("/audit")))
                    // A second is promised; a busy machine is given more.
                    #expect(began.duration(to: .now) < .seconds(10))
                }
                group.cancelAll()
            }
        }
    }
}
