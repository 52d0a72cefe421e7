import API
import Counting
import EventSourcing
import Hummingbird
import StreamPolicy
import Testing

@Suite(.timeLimit(.minutes(5))) struct ConnectionTests {
    private static let live = "GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n"
    private static let camera = TestAPI.camera()

    private static func head(_ headers: String) -> String {
        "POST /api/v1/cameras HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\(headers)\r\n\r\n"
    }

    private func expectLastAnswer(
        _ text: String, _ status: Int, _ code: String, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let (lines, body) = (text.lowercased(), text.split(separator: "\r\n\r\n").last.map(String.init) ?? "")
        let document = (try? JSON.parse(body)) ?? .null  // what is no JSON has no code
        #expect(text.hasPrefix("HTTP/1.1 \(status) "), "\(text)", sourceLocation: sourceLocation)
        #expect(text.ranges(of: "HTTP/1.1 ").count == 1, "\(text)", sourceLocation: sourceLocation)
        #expect(lines.contains("connection: close"), "\(text)", sourceLocation: sourceLocation)
        #expect(lines.contains("content-type: application/problem+json"), "\(text)", sourceLocation: sourceLocation)
        #expect(document["code"]?.string == code, "\(text)", sourceLocation: sourceLocation)
    }

    @Test(
        arguments: [
            "NONSENSE\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\nHost: x\r\n\r\n",
            // Lines that end otherwise, names and values that are none.
            "GET / HTTP/1.1\nHost: x\n\n", "GET / HTTP/1.1\r\nHost : x\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: x\r\nA: b\u{0}c\r\n\r\n", "GET / HTTP/1.1\r\nHost: x\r\nA\u{0}: b\r\n\r\n",
            "GET /a\u{0}b HTTP/1.1\r\nHost: x\r\n\r\n", "GET / HTTP/1.1\r\n: x\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: x\r\nA: b\rSet-Cookie: c\r\n\r\n",
            // Two ideas of where the body ends: the way in for a smuggled request.
            "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /x HTTP/1.1\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
            "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\nhello",
            "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +5\r\n\r\nhello",
            "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\nhello",
            "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        ])
    func whatIsNotHTTPIsAProblemAndTheEnd(request: String) async throws {
        try await WireServer.with { server in
            expectLastAnswer(try await server.exchange(request), 400, "malformed_request")
        }
    }

    @Test func addressThatIsNotUTF8DoesNoHarm() async throws {
        try await WireServer.with { server in
            let answer = try await server.exchange(
                Array("GET /api/v1/cameras/".utf8) + [0xC3, 0x28, 0xFF]
                    + Array(" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".utf8))
            #expect(answer.hasPrefix("HTTP/1.1 400 ") || answer.hasPrefix("HTTP/1.1 404 "), "\(answer)")
        }
    }

    @Test func tooManyHeadersAreAProblem() async throws {
        try await WireServer.with { server in
            let many = (0..<200).map { "A\($0): b\r\n" }.joined()
            expectLastAnswer(
                try await server.exchange("GET / HTTP/1.1\r\n\(many)\r\n"), 431, "headers_too_large")
        }
    }

    @Test func tooLongAHeaderIsAProblem() async throws {
        try await WireServer.with { server in
            let long = String(repeating: "b", count: 20_000)
            expectLastAnswer(
                try await server.exchange("GET / HTTP/1.1\r\nA: \(long)\r\n\r\n"), 431, "headers_too_large")
            expectLastAnswer(
                try await server.exchange("GET /\(long) HTTP/1.1\r\nHost: x\r\n\r\n"), 431, "headers_too_large")
        }
    }

    @Test func tooLongAnAddressIsAProblem() async throws {
        try await withCommands { api in
            let long = String(repeating: "b", count: 10_000)
            try await api.get("/cameras?search=\(long)").expectProblem(414, "address_too_long")
        }
    }

    @Test func bodyThatSaysItIsTooLongIsNotReadAtAll() async throws {
        try await WireServer.with { server in
            try await server.connect { connection in
                try await connection.send(Self.head("Content-Length: 1048577"))
                let answer = try await connection.answer(upTo: "body_too_large")
                #expect(answer.hasPrefix("HTTP/1.1 413 "), "\(answer)")
                #expect(answer.lowercased().contains("connection: close"))
            }
        }
    }

    @Test func bodyWithoutEndIsCutOff() async throws {
        try await WireServer.with { server in
            let chunk = "10000\r\n\(String(repeating: " ", count: 0x10000))\r\n"
            let answer = try await server.exchange(
                Self.head("Transfer-Encoding: chunked") + String(repeating: chunk, count: 20))
            expectLastAnswer(answer, 413, "body_too_large")
        }
    }

    @Test func limitOfABodyIsSetByThePolicy() async throws {
        var policy = NetworkPolicy()
        policy.maximumBodyBytes = 2048
        try await WireServer.with(policy) { server in
            for length in [2049, 1_000_000] {
                let body = String(repeating: " ", count: length)
                let answer = try await server.exchange(
                    Self.head("Content-Length: \(length)\r\nConnection: close") + body)
                #expect(answer.hasPrefix("HTTP/1.1 413 "), "\(answer)")
                #expect(answer.contains("2048"))
            }
        }
    }

    @Test func bodyThatEndsEarlyIsNoCommand() async throws {
        try await WireServer.with { server in
            let text = try await server.connect { connection in
                try await connection.send(Self.head("Content-Length: 4096") + Self.camera)
                connection.finish()
                return try await connection.rest()
            }
            expectLastAnswer(text, 400, "malformed_request")
            #expect(try await server.log.head() == 0)
        }
    }

    @Test func malformedChunkIsNoCommand() async throws {
        try await WireServer.with { server in
            let text = try await server.exchange(Self.head("Transfer-Encoding: chunked") + "zz\r\n{}\r\n0\r\n\r\n")
            expectLastAnswer(text, 400, "malformed_request")
            #expect(try await server.log.head() == 0)
        }
    }

    @Test func pipelinedRequestsAreAnsweredInOrder() async throws {
        try await WireServer.with { server in
            let unknown = "GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n"
            let last = "GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
            let text = try await server.exchange(String(repeating: Self.live + unknown, count: 20) + last)
            let statuses = text.matches(of: /HTTP\/1\.1 ([0-9]+)/).map { String($0.1) }
            #expect(statuses == Array(repeating: ["200", "404"], count: 20).flatMap(\.self) + ["200"])
        }
    }

    @Test func whatFollowsARequestAndIsNoneEndsTheConnection() async throws {
        try await WireServer.with { server in
            let text = try await server.exchange(Self.live + "\u{1}\u{2}\u{3}\r\n\r\n")
            #expect(text.hasPrefix("HTTP/1.1 200 "))
            #expect(text.lowercased().contains("connection: close"))
        }
    }

    @Test(arguments: ["", "GET /health/li", "GET /health/live HTTP/1.1\r\nHost: x\r\n"])
    func headThatDoesNotComeEndsTheConnection(start: String) async throws {
        var policy = NetworkPolicy()
        policy.readTimeout = .milliseconds(50)
        try await WireServer.with(policy) { server in
            let text = try await server.exchange(start)
            #expect(text == "")
        }
    }

    @Test func bodyThatDoesNotComeIsAProblem() async throws {
        var policy = NetworkPolicy()
        policy.readTimeout = .milliseconds(50)
        try await WireServer.with(policy) { server in
            var text = ""
            // The time is a connection's for its first head too: on a busy machine the client may take longer than that
            // between connecting and sending, and then the connection ends without an answer, as it should.
            while text.isEmpty {
                text = try await server.exchange(Self.head("Content-Length: 500") + #"{"name":"#)
            }
            expectLastAnswer(text, 408, "request_timeout")
            #expect(try await server.log.head() == 0)
        }
    }

    @Test func idleConnectionIsClosed() async throws {
        var policy = NetworkPolicy()
        policy.idleTimeout = .milliseconds(50)
        try await WireServer.with(policy) { server in
            var text = ""
            // On a busy machine a request may set out only when its connection has been idle for too long.
            while text.isEmpty { text = try await server.exchange(Self.live) }
            #expect(text.hasPrefix("HTTP/1.1 200 "))
        }
    }

    @Test func clientThatTakesNothingLosesTheConnection() async throws {
        var policy = NetworkPolicy()
        policy.writeTimeout = .milliseconds(50)
        let (failures, failed) = AsyncStream.makeStream(of: Void.self)
        try await WireServer.with(policy) { router in
            router.get("/endless") { _, _ in
                Response(
                    status: .ok,
                    body: ResponseBody { writer in
                        defer { failed.finish() }
                        let piece = ByteBuffer(repeating: 0x20, count: 1 << 16)
                        while true { try await writer.write(piece) }
                    })
            }
        } _: { server in
            try await server.connect { connection in
                try await connection.send("GET /endless HTTP/1.1\r\nHost: x\r\n\r\n")
                // The server stops sending, although this side neither reads nor ends.
                for await _ in failures {}
            }
        }
    }

    @Test func requestsBeyondThePlacesAreToldToComeBack() async throws {
        var policy = NetworkPolicy()
        policy.maximumRequests = 1
        let latch = Latch()
        try await WireServer.with(policy) { router in
            router.get("/slow") { _, _ in
                await latch.wait()
                return Response(status: .noContent)
            }
        } _: { server in
            try await server.connect { slow in
                try await slow.send("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
                let list = "GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
                var refused = ""
                // The first has its place as soon as its head was read.
                repeat { refused = try await server.exchange(list) } while refused.hasPrefix("HTTP/1.1 404")
                #expect(refused.hasPrefix("HTTP/1.1 503 "), "\(refused)")
                #expect(refused.contains(#""code":"overloaded""#))
                #expect(refused.lowercased().contains("retry-after: 1"))
                let probe = try await server.exchange(
                    "GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                #expect(probe.hasPrefix("HTTP/1.1 200 "))
                latch.open()
                #expect(try await slow.answer(upTo: "\r\n\r\n").hasPrefix("HTTP/1.1 204 "))
                #expect(try await server.exchange(list).hasPrefix("HTTP/1.1 404 "))
            }
        }
    }

    @Test func longAnswersHavePlacesOfTheirOwn() async throws {
        var policy = NetworkPolicy()
        policy.maximumStreams = 1
        let (ends, end) = AsyncStream.makeStream(of: Void.self)
        try await WireServer.with(policy) { router in
            router.get("/long") { _, _ in
                Response(
                    status: .ok,
                    body: ResponseBody { writer in
                        try await writer.write(ByteBuffer(string: "begun"))
                        for await _ in ends {}
                        try await writer.finish(nil)
                    })
            }
        } _: { server in
            let long = "GET /long HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
            try await server.connect { first in
                try await first.send(long)
                #expect(try await first.answer(upTo: "begun").hasPrefix("HTTP/1.1 200 "))
                #expect(try await server.exchange(long).hasPrefix("HTTP/1.1 503 "))
                let short = try await server.exchange(
                    "GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                #expect(short.hasPrefix("HTTP/1.1 404 "))
                end.finish()
                _ = try await first.rest()
            }
            var again = ""
            // The place is free when the first answer is done with, which the client may see a moment before.
            repeat { again = try await server.exchange(long) } while again.hasPrefix("HTTP/1.1 503 ")
            #expect(again.hasPrefix("HTTP/1.1 200 "))
        }
    }

    @Test func deepNestingIsRefusedBeforeItHurts() async throws {
        try await withCommands { api in
            let deep = String(repeating: "[", count: 500_000)
            try await api.post("/cameras", deep).expectProblem(400, "malformed_json")
            let objects = String(repeating: #"{"a":"#, count: 150_000)
            try await api.post("/cameras", objects).expectProblem(400, "malformed_json")
        }
    }

    @Test func clientBehindATrustedProxyIsTheOneItNames() async throws {
        for (proxies, expected) in [(["127.0.0.0/8"], "203.0.113.9"), ([], "127.0.0.1")] {
            var policy = NetworkPolicy()
            policy.trustedProxies = proxies.compactMap { Network($0) }
            try await WireServer.with(policy) { server in
                _ = try await server.exchange(
                    Self.head(
                        "Content-Length: \(Self.camera.utf8.count)\r\nX-Forwarded-For: 1.2.3.4, 203.0.113.9\r\n"
                            + "Forwarded: for=6.6.6.6\r\nConnection: close") + Self.camera)
                let event = try #require(try await server.log.read(after: 0, limit: 1).first)
                let metadata = EventMetadata(try JSON.parse(event.metadata))
                #expect(metadata.clientAddress == expected)
            }
        }
    }
}
