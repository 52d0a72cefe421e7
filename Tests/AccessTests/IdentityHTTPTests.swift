import Access
import Crypto
import EventSourcing
import Foundation
import Testing

@testable import Access

/// Identity services and key sets behind real sockets, as bad as they can be.
@Suite(.timeLimit(.minutes(3))) struct IdentityHTTPTests {
    enum Source: CaseIterable { case verify, keySet }

    private static let user = #"{"sub":"ana","role":"viewer"}"#
    private static let key = Curve25519.Signing.PrivateKey()
    private static let keys = String(decoding: Tokens.set(Tokens.jwk(key.publicKey, id: "a")), as: UTF8.self)

    private static func token() throws -> String { try Tokens.ed25519(key, header: ["alg": "EdDSA", "kid": "a"]) }

    /// Asks whom a token names where the server stands behind that source.
    /// - Parameter untilTimeout: when an answer has taken too long; never, where it is left out.
    private func verify(
        _ source: Source, _ server: RawServer, _ url: String? = nil, untilTimeout: Moment = Moment()
    ) async throws(TokenFailure) -> Principal {
        let http = IdentityHTTP { await untilTimeout.awaited() }
        guard let url = URL(string: url ?? "http://127.0.0.1:\(server.port)/verify?a=b"), let token = try? Self.token()
        else { throw .malformed }
        let authority: TokenAuthority =
            switch source {
            case .verify:
                .service(IdentityService(now: { Tokens.now }, logger: .silent) { try await http.verify($0, at: url) })
            case .keySet:
                .keySet(
                    TokenRules(), now: { Tokens.now }, logger: .silent, load: KeySetSource(url, over: http).load)
            }
        guard let verifier = try? await TokenVerifier(own: nil, authority: authority, now: { Tokens.now }) else {
            throw .malformed
        }
        return try await verifier.verify(token)
    }

    private func expectUnavailable(
        _ source: Source, _ server: RawServer, _ comment: Comment? = nil, untilTimeout: Moment = Moment(),
        sourceLocation: SourceLocation = #_sourceLocation
    ) async {
        let error = await #expect(throws: TokenFailure.self, comment, sourceLocation: sourceLocation) {
            try await verify(source, server, untilTimeout: untilTimeout)
        }
        guard case .unavailable = error else {
            Issue.record("\(error as Any) \(comment?.rawValue ?? "")", sourceLocation: sourceLocation)
            return
        }
    }

    @Test func theTokenGoesAsBearerByPOST() async throws {
        try await RawServer.run { _, connection in
            try await connection.answer("200 OK", Self.user)
        } _: { server in
            #expect(try await verify(.verify, server).name == "ana")
            let request = try #require(server.requests.first)
            #expect(request.hasPrefix("POST /verify?a=b HTTP/1.1\r\n"))
            #expect(request.contains("uthorization: Bearer \(try Self.token())\r\n"))
        }
    }

    @Test func aKeySetIsAskedForWithoutTheToken() async throws {
        try await RawServer.run { _, connection in
            try await connection.answer("200 OK", Self.keys)
        } _: { server in
            #expect(try await verify(.keySet, server).name == "ana")
            let request = try #require(server.requests.first)
            #expect(request.hasPrefix("GET /verify?a=b HTTP/1.1\r\n"))
            #expect(!request.lowercased().contains("authorization"))
        }
    }

    @Test(arguments: Source.allCases) func whatIsNoAnswerIsUnavailable(_ source: Source) async throws {
        let answers: [String] = [
            "HTTP/1.1 500 Down\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 503 Down\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 204 Nothing\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]",
            // Ends in the middle.
            "", "HTTP/1.1 200 O", "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n\(Self.user)",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1d\r\n\(Self.user)\r\n",
            // Is no HTTP.
            "\u{0}\u{1}\u{2}\u{3}\r\n\r\n", "SSH-2.0-OpenSSH_9.2\r\n", Self.user, "HTTP/1.1 OK 200\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n\(Self.user)",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            // Would be the answer, once unpacked.
            "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\n\u{1F}..",
        ]
        for answer in answers {
            try await RawServer.run { _, connection in
                try await connection.send(answer)
            } _: { server in
                await expectUnavailable(source, server, "\(answer.debugDescription)")
                #expect(server.requests.count >= 1)
            }
        }
    }

    @Test(arguments: Source.allCases) func aHugeAnswerIsNotTakenIn(_ source: Source) async throws {
        let gone = Moment()
        let piece = [UInt8](repeating: UInt8(ascii: " "), count: 1 << 16)
        for declares in [true, false] {
            try await RawServer.run { _, connection in
                defer { gone.comes() }
                try await connection.send(
                    "HTTP/1.1 200 OK\r\n"
                        + (declares ? "Content-Length: 1000000000000\r\n\r\n" : "Transfer-Encoding: chunked\r\n\r\n"))
                // Without end, unless the client ends it.
                while true {
                    if !declares { try await connection.send("10000\r\n") }
                    try await connection.send(piece)
                    if !declares { try await connection.send("\r\n") }
                }
            } _: { server in
                await expectUnavailable(source, server)
                await gone.awaited()
            }
        }
    }

    /// However slowly it comes: in none, in part of its head, or in part of its body.
    @Test(
        arguments: Source.allCases,
        ["", "HTTP/1.1 200 OK\r\nConte", "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n{"])
    func aSlowAnswerIsGivenUp(_ source: Source, _ beginning: String) async throws {
        let (sent, gone) = (Moment(), Moment())
        try await RawServer.run { _, connection in
            defer { gone.comes() }
            try await connection.send(beginning)
            sent.comes()
            try await connection.untilClosed()
        } _: { server in
            await expectUnavailable(source, server, untilTimeout: sent)
            // The connection is given up with it.
            await gone.awaited()
        }
    }

    @Test(arguments: Source.allCases, [301, 302, 303, 307, 308])
    func noRedirectIsFollowed(_ source: Source, _ status: Int) async throws {
        let answer = source == .verify ? Self.user : Self.keys
        try await RawServer.run { _, connection in
            try await connection.answer("200 OK", answer)
        } _: { other in
            for place in ["http://127.0.0.1:\(other.port)/verify", "//127.0.0.1:\(other.port)/"] {
                try await RawServer.run { _, connection in
                    try await connection.answer("\(status) Elsewhere", answer, "Location: \(place)\r\n")
                } _: { server in
                    await expectUnavailable(source, server)
                    #expect(server.requests.count == 1)
                }
            }
            #expect(other.requests == [])
        }
    }

    @Test(arguments: Source.allCases) func nobodyThereIsUnavailable(_ source: Source) async throws {
        try await RawServer.run { _, _ in
        } _: { server in
            // Nothing listens on the first port.
            let error = await #expect(throws: TokenFailure.self) {
                try await verify(source, server, "http://127.0.0.1:1/")
            }
            guard case .unavailable = error else {
                Issue.record("\(error as Any)")
                return
            }
        }
    }
}
