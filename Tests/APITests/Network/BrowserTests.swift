import API
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Testing

@Suite struct BrowserTests {
    private static let own = "https://app.example"

    private func withOrigins(
        _ origins: Set<String>, _ body: @escaping @Sendable (TestAPI) async throws -> Void
    ) async throws {
        var policy = NetworkPolicy()
        policy.corsOrigins = origins
        try await withCommands(policy: policy, body)
    }

    @Test func everyAnswerCarriesTheHeadersThatRestrainBrowsers() async throws {
        try await withCommands { api in
            for answer in [
                try await api.get("/health/live"), try await api.get("/nothing"), try await api.post("/cameras", "{"),
                try await api.get("/health/live", headers: [.requestID: "a b"]),
            ] {
                #expect(answer.header("X-Content-Type-Options") == "nosniff")
                #expect(answer.header("Content-Security-Policy") == "default-src 'none'; frame-ancestors 'none'")
                #expect(answer.header("Referrer-Policy") == "no-referrer")
                #expect(answer.header("Cross-Origin-Resource-Policy") == "same-origin")
                #expect(answer.header("Cache-Control") == "no-store")
                #expect(answer.header("Strict-Transport-Security") == nil)
                #expect(answer.header("Access-Control-Allow-Origin") == nil)
            }
            let versioned = try await api.post("/cameras", TestAPI.camera())
            #expect(versioned.header("Cache-Control") == "private, no-cache")
        }
    }

    @Test func browsersStayWithTLSWhereTheServerHasIt() async throws {
        var policy = NetworkPolicy()
        policy.isSecure = true
        try await withCommands(policy: policy) { api in
            let answer = try await api.get("/nothing")
            #expect(answer.header("Strict-Transport-Security") == "max-age=31536000")
        }
    }

    @Test func listedOriginMayReadAnswers() async throws {
        try await withOrigins([Self.own]) { api in
            let answer = try await api.get("/nothing", headers: [.origin: Self.own])
            #expect(answer.header("Access-Control-Allow-Origin") == Self.own)
            #expect(answer.header("Access-Control-Expose-Headers")?.contains("Footfall-Position") == true)
            #expect(answer.header("Access-Control-Allow-Credentials") == nil)
            #expect(answer.header("Vary") == "Origin")
        }
    }

    @Test(
        arguments: [
            "null", "https://app.example.evil.example", "https://evil-app.example", "http://app.example",
            "https://app.example:8443", "HTTPS://APP.EXAMPLE", "https://app.example/", "*",
        ])
    func otherOriginsMayNot(origin: String) async throws {
        try await withOrigins([Self.own, "null", "*"]) { api in
            let answer = try await api.get("/nothing", headers: [.origin: origin])
            #expect(answer.header("Access-Control-Allow-Origin") == nil)
            #expect(answer.header("Vary") == "Origin")
            let preflight = try await api.send(
                .options, "/cameras", headers: [.origin: origin, .accessControlRequestMethod: "POST"])
            #expect(preflight.status == 405)
            #expect(preflight.header("Access-Control-Allow-Methods") == nil)
        }
    }

    @Test func preflightNamesTheMethodsOfItsPath() async throws {
        try await withOrigins([Self.own]) { api in
            let answer = try await api.send(
                .options, "/cameras/7",
                headers: [.origin: Self.own, .accessControlRequestMethod: "PUT"])
            #expect(answer.status == 204)
            #expect(answer.header("Access-Control-Allow-Origin") == Self.own)
            #expect(answer.header("Access-Control-Allow-Methods") == "DELETE, GET, HEAD, PATCH, PUT")
            #expect(answer.header("Access-Control-Allow-Headers")?.contains("Authorization") == true)
            let unknown = try await api.send(
                .options, "/nothing", headers: [.origin: Self.own, .accessControlRequestMethod: "PUT"])
            #expect(unknown.status == 404)
        }
    }

    @Test func pagesMaySendWhateverHeaderTheDocumentNames() async throws {
        let named = Set(try await DocumentedOperation.all().flatMap(\.headers))
        #expect(named.count > 3)
        try await withOrigins([Self.own]) { api in
            let answer = try await api.send(
                .options, "/cameras", headers: [.origin: Self.own, .accessControlRequestMethod: "POST"])
            let allowed = try #require(answer.header("Access-Control-Allow-Headers")).split(separator: ", ")
            #expect(named.subtracting(allowed.map(String.init)) == [])
            let exposed = try #require(answer.header("Access-Control-Expose-Headers")).split(separator: ", ")
            #expect(exposed.contains("Idempotency-Replayed"))
        }
    }
}
