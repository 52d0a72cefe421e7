import Access
import HTTPTypes
import Testing

@testable import API

/// Keys of users who are not the same, or not allowed the same any more.
@Suite struct IdempotencyScopeTests {
    private static func key(_ key: String) throws -> HTTPFields {
        [try #require(HTTPField.Name("Idempotency-Key")): key]
    }

    @Test func aReplayShowsNoMoreThanTheTokenMaySee() async throws {
        let tokens = try await TestTokens()
        try await withAPI(authentication: tokens.authentication) { api in
            let vault = TestAPI.camera(#""location":"Vault""#)
            let all = api.with(try tokens.token("ana", [.operator]))
            let first = try await all.post("/cameras", vault, headers: Self.key("k"))
            #expect(first.status == 201)
            let assign = #"{"camera_ids":[1,9]}"#
            #expect(try await all.post("/workers/w1/assign", assign, headers: Self.key("a")).status == 200)
            try await api.settle()

            for scope in [Scope.location("Hall"), .cameras([7])] {
                let limited = api.with(try tokens.token("ana", [.operator], [], scope))
                try await limited.post("/cameras", vault, headers: Self.key("k")).expectProblem(404, "camera_not_found")
                try await limited.post("/workers/w1/assign", assign, headers: Self.key("a"))
                    .expectProblem(404, "camera_not_found")
            }
            let within = api.with(try tokens.token("ana", [.operator], [], .location("Vault")))
            for api in [all, within] {
                let again = try await api.post("/cameras", vault, headers: Self.key("k"))
                #expect(again.header("Idempotency-Replayed") == "true")
                #expect(again.body == first.body)
                let assigned = try await api.post("/workers/w1/assign", assign, headers: Self.key("a"))
                #expect(assigned.header("Idempotency-Replayed") == "true", "\(assigned.body)")
            }
            // It has moved since: what was shown of it then is not for anyone who is limited to where it was.
            let moved = try await all.put("/cameras/1", TestAPI.camera(#""location":"Hall""#), ifMatch: "*")
            #expect(moved.status == 200)
            try await within.post("/cameras", vault, headers: Self.key("k")).expectProblem(404, "camera_not_found")
        }
    }

    @Test func keysBelongToIssuerAndSubject() throws {
        let key = IdempotencyKey(text: "k")
        let issuers = [Issuer.nobody, .service, .token(iss: nil), .token(iss: ""), .token(iss: "a"), .token(iss: "b")]
        let ids = issuers.map { key.id(of: Principal(issuer: $0, name: "ana", permissions: [])) }
        #expect(Set(ids).count == issuers.count)
        let scopes = [Scope.all, .location("Hall")].map {
            key.id(of: Principal(issuer: .service, name: "ana", permissions: [], scope: $0))
        }
        #expect(Set(scopes).count == 1)
    }
}
