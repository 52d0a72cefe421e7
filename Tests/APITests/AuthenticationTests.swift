import API
import Access
import EventSourcing
import HTTPTypes
import Testing

/// How a request proves who sends it.
@Suite struct AuthenticationTests {
    private func withTokens(_ body: @escaping @Sendable (TestAPI, TestTokens) async throws -> Void) async throws {
        let tokens = try await TestTokens()
        try await withCommands(authentication: tokens.authentication) { try await body($0, tokens) }
    }

    @Test func theActorIsTheTokensSubjectWhateverTheHeaderSays() async throws {
        try await withTokens { api, tokens in
            let answer = try await api.with(tokens.all()).post(
                "/cameras", TestAPI.camera(), headers: [.actor: "somebody else"])
            #expect(answer.status == 201)
            #expect(answer["created_by"] == "root")
        }
    }

    @Test func theSchemeIsReadInAnyCase() async throws {
        try await withTokens { api, tokens in
            let token = try tokens.token("ana", [.operator])
            for scheme in ["Bearer ", "bearer ", "BEARER ", "Bearer  "] {
                let answer = try await api.post("/cameras", TestAPI.camera(), headers: [.authorization: scheme + token])
                #expect(answer.status == 201, "\(scheme)")
            }
        }
    }

    @Test(arguments: ["", "Bearer", "Basic dXNlcjpwYXNz", "Token x", "Bearer,x"])
    func otherSchemesProveNothing(_ value: String) async throws {
        try await withTokens { api, _ in
            let answer = try await api.get("/cameras", headers: [.authorization: value])
            answer.expectProblem(401, "unauthenticated")
            #expect(answer.header("WWW-Authenticate") == #"Bearer realm="footfall""#)
        }
    }

    @Test func aTokenInTheAddressOrBodyIsNone() async throws {
        try await withTokens { api, tokens in
            let token = try tokens.all()
            for name in ["access_token", "token", "authorization"] {
                try await api.get("/cameras?\(name)=\(token)").expectProblem(401, "unauthenticated")
            }
            let form: HTTPFields = [.contentType: "application/x-www-form-urlencoded"]
            try await api.post("/cameras", "access_token=\(token)", headers: form).expectProblem(401, "unauthenticated")
            try await api.get("/cameras", headers: [.cookie: "access_token=\(token)"])
                .expectProblem(401, "unauthenticated")
        }
    }

    @Test func twoAuthorizationHeadersAreTooMany() async throws {
        try await withTokens { api, tokens in
            let token = try tokens.all()
            var headers = HTTPFields()
            headers.append(HTTPField(name: .authorization, value: "Bearer \(token)"))
            headers.append(HTTPField(name: .authorization, value: "Bearer \(token)"))
            let answer = try await api.get("/cameras", headers: headers)
            answer.expectProblem(400, "malformed_header")
            #expect(answer.header("WWW-Authenticate")?.contains(#"error="invalid_request""#) == true)
        }
    }

    @Test func whatIsWrongIsSaid() async throws {
        try await withTokens { api, tokens in
            for (token, detail) in [
                ("x", "This is not a signed token (JWS in compact form)."),
                (try tokens.token(lifetime: .seconds(-31)), "The token has expired."),
                (try await TestTokens().all(), "The key that the token names is not known here."),
                (String(repeating: "a", count: 9000), "A token has at most 8192 bytes."),
                (try tokens.all() + "A", "The token's signature is wrong."),
            ] {
                let answer = try await api.with(token).get("/cameras")
                answer.expectProblem(401, "unauthenticated")
                #expect(answer["detail"] == .string(detail))
                #expect(
                    answer.header("WWW-Authenticate")
                        == #"Bearer realm="footfall", error="invalid_token", error_description="\#(detail)""#)
            }
        }
    }

    @Test func anIdentityServiceThatIsDownIsAProblemOfItsOwn() async throws {
        struct Down: Error {}
        let verifier = try await TokenVerifier(
            own: nil,
            authority: .keySet(
                TokenRules(), now: { Timestamp(microseconds: 0) }, logger: .silent, load: { throw Down() }),
            now: { Timestamp(microseconds: 0) })
        try await withCommands(authentication: .tokens(verifier)) { api in
            let answer = try await api.with(TestTokens().all()).get("/cameras")
            answer.expectProblem(503, "identity_unavailable")
            #expect(answer.header("Retry-After") == "10")
        }
    }

    @Test func probesAskForNothing() async throws {
        try await withTokens { api, _ in
            let answer = try await api.get("/health/live", headers: [.authorization: "Bearer x"])
            #expect(answer.status == 200)
        }
    }
}
