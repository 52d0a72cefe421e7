import Testing

@testable import API

/// One address in several forms (RFC 3986).
@Suite struct PathEscapeTests {
    @Test(arguments: [
        ("/cameras/%31", "/cameras/1"), ("/c%61meras/1?x=%31", "/cameras/1?x=%31"), ("/a%2Fb/%2f", "/a%2Fb/%2f"),
        ("/%2531", "/%2531"), ("/%7e%2D%5f", "/~-_"), ("/%zz%4", "/%zz%4"), ("/%E2%82%AC", "/%E2%82%AC"),
        ("/%+1/% 1", "/%+1/% 1"),
    ]) func unreservedCharactersAreWrittenAsThemselves(address: String, normalized: String) {
        #expect(PathEscapes.normalized(address) == normalized)
    }

    @Test(arguments: ["/cameras/%31", "/c%61meras/1", "/%63ameras/1/%68istory"])
    func equalAddressesLeadToTheSame(path: String) async throws {
        try await withAPI { api in
            try await api.register()
            let answer = try await api.get(path)
            #expect(answer.status == 200, "\(answer.body)")
        }
    }

    @Test(arguments: ["/cameras/%3", "/cameras/%zz", "/cameras/1%", "/%", "/cameras/%+1"])
    func brokenEscapesAreRefused(path: String) async throws {
        try await withCommands { api in
            try await api.get(path).expectProblem(400, "malformed_request")
        }
    }

    @Test(arguments: ["/cameras/%2531", "/cameras%2F1", "/cameras/1%2Fhistory", "/cameras/%2e%2e/cameras/1"])
    func nothingIsDecodedTwiceAndNoSeparatorComesOfAnEscape(path: String) async throws {
        try await withCommands { api in
            try await api.register()
            #expect(try await api.get(path).status == 404)
        }
    }
}
