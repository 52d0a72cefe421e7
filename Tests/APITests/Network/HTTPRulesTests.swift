import EventSourcing
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import NIOEmbedded
import NIOHTTPTypes
import NIOHTTPTypesHTTP2
import Synchronization
import TestSupport
import Testing

@testable import API

/// What RFC 9110, 9112 and 9113 ask of a server beside reading requests.
@Suite(.timeLimit(.minutes(5))) struct HTTPRulesTests {
    private static let camera = TestAPI.camera()

    private static func post(_ headers: String, version: String = "1.1", to path: String = "/api/v1/cameras") -> String
    {
        "POST \(path) HTTP/\(version)\r\nHost: x\r\nContent-Type: application/json\r\n\(headers)\r\n\r\n"
    }

    private static func isLast(_ answer: String) -> Bool { answer.lowercased().contains("\r\nconnection: close\r\n") }

    // 100 Continue.

    @Test func aClientThatWaitsIsAskedForItsBody() async throws {
        try await WireServer.with { server in
            try await server.connect { connection in
                for _ in 0..<2 {
                    try await connection.send(
                        Self.post("Content-Length: \(Self.camera.utf8.count)\r\nExpect: 100-Continue"))
                    #expect(try await connection.answer(upTo: "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
                    try await connection.send(Self.camera)
                    let answer = try await connection.answer(upTo: "}")
                    #expect(answer.hasPrefix("HTTP/1.1 201 "), "\(answer)")
                    #expect(!Self.isLast(answer))
                }
            }
        }
    }

    @Test func aKeyedRequestIsAskedForItsBodyOnce() async throws {
        try await WireServer.with { server in
            try await server.connect { connection in
                try await connection.send(
                    Self.post(
                        "Content-Length: \(Self.camera.utf8.count)\r\nExpect: 100-continue\r\nIdempotency-Key: k"))
                #expect(try await connection.answer(upTo: "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
                try await connection.send(Self.camera)
                let answer = try await connection.answer(upTo: "}")
                #expect(answer.hasPrefix("HTTP/1.1 201 "), "\(answer)")
                #expect(!answer.contains("100 Continue"))
            }
        }
    }

    @Test(
        arguments: [
            (Self.post("Content-Length: 5000000\r\nExpect: 100-continue"), 413),
            (Self.post("Content-Length: 50\r\nExpect: 100-continue", to: "/api/v1/nothing"), 404),
            (Self.post("Content-Length: 50\r\nExpect: 100-continue", to: "/api/v1/cameras?x=1"), 422),
            (Self.post("Content-Length: 50\r\nExpect: 200-ok"), 417),
        ])
    func aRequestThatIsRefusedIsNotAskedForItsBody(_ request: String, _ status: Int) async throws {
        try await WireServer.with { server in
            let answer = try await server.exchange(request)
            #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(answer)")
            #expect(answer.ranges(of: "HTTP/1.1 ").count == 1)
            #expect(Self.isLast(answer))
        }
    }

    @Test func aBodyThatComesUnaskedIsTaken() async throws {
        try await WireServer.with { server in
            let answer = try await server.exchange(
                Self.post(
                    "Content-Length: \(Self.camera.utf8.count)\r\nExpect: 100-continue\r\nConnection: close")
                    + Self.camera)
            #expect(answer.contains("HTTP/1.1 201 "), "\(answer)")
        }
    }

    @Test func aBodyThatSaysItIsTooLongEndsTheConnection() async throws {
        try await WireServer.with { server in
            let answer = try await server.exchange(Self.post("Content-Length: 1048577"))
            #expect(answer.hasPrefix("HTTP/1.1 413 "), "\(answer)")
            #expect(Self.isLast(answer))
        }
    }

    // HTTP/1.0.

    @Test func aConnectionOfHTTP10EndsWithTheAnswer() async throws {
        try await WireServer.with { server in
            for host in ["", "Host: x\r\n"] {
                let answer = try await server.exchange("GET /health/live HTTP/1.0\r\n\(host)\r\n")
                #expect(answer.hasPrefix("HTTP/1.1 200 "), "\(answer)")
                #expect(Self.isLast(answer))
            }
            let answer = try await server.exchange(
                Self.post("Content-Length: \(Self.camera.utf8.count)\r\nExpect: 100-continue", version: "1.0")
                    + Self.camera)
            #expect(answer.hasPrefix("HTTP/1.1 201 "), "\(answer)")
        }
    }

    @Test func aConnectionOfHTTP10IsKeptWhereItsClientAsks() async throws {
        try await WireServer.with { server in
            try await server.connect { connection in
                try await connection.send("GET /health/live HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n")
                let first = try await connection.answer(upTo: "}")
                #expect(first.lowercased().contains("\r\nconnection: keep-alive\r\n"), "\(first)")
                try await connection.send("GET /health/live HTTP/1.0\r\n\r\n")
                #expect(Self.isLast(try await connection.rest()))
            }
        }
    }

    @Test func aLongAnswerToHTTP10HasNoChunks() async throws {
        try await WireServer.with { router in
            router.get("/long") { _, _ in
                Response(
                    status: .ok,
                    body: ResponseBody { writer in
                        for text in ["one", "two"] { try await writer.write(ByteBuffer(string: text)) }
                        try await writer.finish(nil)
                    })
            }
        } _: { server in
            let answer = try await server.exchange("GET /long HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            #expect(answer.hasSuffix("\r\n\r\nonetwo"), "\(answer)")
            #expect(!answer.lowercased().contains("transfer-encoding"))
            #expect(Self.isLast(answer))
        }
    }

    @Test func theLastAnswerSaysSo() async throws {
        try await WireServer.with { server in
            for option in ["close", "Close", "TE, close"] {
                let answer = try await server.exchange(
                    "GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: \(option)\r\n\r\n")
                #expect(Self.isLast(answer), "\(answer)")
            }
        }
    }

    // Hosts and targets.

    @Test(
        arguments: [
            "", "Host: x\r\nHost: x\r\n", "Host: x\r\nHost: y\r\n", "Host: a b\r\n", "Host: \r\n", "Host: x/y\r\n",
            "Host: x:y\r\n", "Host: x:123456\r\n", "Host: [::1\r\n", "Host: a@b\r\n", "Host: http://x\r\n",
        ])
    func aRequestNamesItsHostOnce(_ hosts: String) async throws {
        try await WireServer.with { server in
            let answer = try await server.exchange("GET /health/live HTTP/1.1\r\n\(hosts)\r\n")
            #expect(answer.hasPrefix("HTTP/1.1 400 "), "\(answer)")
            #expect(answer.contains("malformed_request"))
            #expect(Self.isLast(answer))
        }
    }

    @Test(arguments: ["x", "x:80", "x:", "127.0.0.1:3002", "[::1]", "[fe80::1]:3002", "a-b.c_d", "Xn--Caf-Dma.example"])
    func hostsAreTaken(_ host: String) async throws {
        try await WireServer.with { server in
            let answer = try await server.exchange(
                "GET /health/live HTTP/1.1\r\nHost: \(host)\r\nConnection: close\r\n\r\n")
            #expect(answer.hasPrefix("HTTP/1.1 200 "), "\(answer)")
        }
    }

    @Test(
        arguments: [
            "OPTIONS rtsp://x/stream RTSP/1.0", "OPTIONS rtsp://x/stream HTTP/1.1", "GET ftp://x/a HTTP/1.1",
            "GET * HTTP/1.1", "GET http:///a HTTP/1.1", "GET http://a@b/ HTTP/1.1",
        ])
    func aTargetIsOneOfThisServer(_ line: String) async throws {
        try await WireServer.with { server in
            let answer = try await server.exchange("\(line)\r\nHost: x\r\n\r\n")
            #expect(answer.hasPrefix("HTTP/1.1 400 ") || answer.hasPrefix("HTTP/1.0 400 "), "\(answer)")
            #expect(answer.contains("malformed_request"))
        }
    }

    @Test func aTargetMayBeAWholeURL() async throws {
        try await WireServer.with { server in
            let answer = try await server.exchange(
                "GET HTTP://x/health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            #expect(answer.hasPrefix("HTTP/1.1 200 "), "\(answer)")
        }
    }

    @Test func whatFollowsAMalformedRequestIsNotServed() async throws {
        try await WireServer.with { server in
            let good = "GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n"
            let answer = try await server.exchange(good + "GET /health/live HTTP/1.1\r\n\r\n" + good)
            let statuses = answer.matches(of: /HTTP\/1\.1 ([0-9]+)/).map { String($0.1) }
            #expect(statuses.first == "200")
            #expect(statuses.count <= 2 && statuses.dropFirst().allSatisfy { $0 == "400" }, "\(statuses)")
        }
    }

    // A client that is gone.

    @Test func aResetWithinABodyIsNoErrorOfTheServer() async throws {
        let record = LogRecord()
        try await WireServer.with(logger: record.logger) { server in
            let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = UInt16(server.port).bigEndian
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            let isConnected = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
                }
            }
            try #require(isConnected)
            let text = Self.post("Content-Length: 500\r\nExpect: 100-continue")
            #expect(send(socket, text, text.utf8.count, 0) == text.utf8.count)
            // The body is being waited for when the server asks for it.
            var byte: UInt8 = 0
            while recv(socket, &byte, 1, 0) == 1, byte != UInt8(ascii: "C") {}
            var now = linger(l_onoff: 1, l_linger: 0)
            setsockopt(socket, SOL_SOCKET, SO_LINGER, &now, socklen_t(MemoryLayout<linger>.size))
            close(socket)
            await record.next("request")
        }
        let line = try #require(record.lines.first { $0.message == "request" })
        #expect(line.metadata["status"] == "400")
        #expect(!record.lines.contains { $0.level >= .error }, "\(record.lines)")
    }

    // HTTP/2.

    /// A stream of HTTP/2 as the guard sees it, and what becomes of it.
    private final class Stream {
        final class Resets: ChannelOutboundHandler, Sendable {
            typealias OutboundIn = HTTPResponsePart
            let count = Mutex(0)

            func triggerUserOutboundEvent(
                context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?
            ) {
                if event as? NIOHTTP2FramePayloadToHTTPEvent == .reset(code: .noError) { count.withLock { $0 += 1 } }
                context.triggerUserOutboundEvent(event, promise: promise)
            }
        }

        let resets = Resets()
        let channel: EmbeddedChannel

        init() throws {
            channel = EmbeddedChannel(handlers: [resets, ConnectionGuard(NetworkPolicy())])
            try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        }

        func receive(_ head: HTTPRequest, isWhole: Bool = true) throws {
            try channel.writeInbound(HTTPRequestPart.head(head))
            if isWhole { try channel.writeInbound(HTTPRequestPart.end(nil)) }
            channel.embeddedEventLoop.run()
        }

        /// Of the answer, where the guard gave one.
        func status() throws -> Int? {
            guard case .head(let head)? = try channel.readOutbound(as: HTTPResponsePart.self) else { return nil }
            return head.status.code
        }
    }

    private static func request(_ authority: String?, host: String? = nil, path: String? = "/") -> HTTPRequest {
        var request = HTTPRequest(method: .get, scheme: "https", authority: authority, path: path)
        if let host { request.headerFields[.headerName("Host")] = host }
        return request
    }

    @Test(
        arguments: [
            (Self.request(nil), 400), (Self.request("a b"), 400), (Self.request("x", host: "y"), 400),
            (Self.request("x", path: "rtsp://x/y"), 400), (Self.request("x", path: nil), 400),
            (Self.request("x"), nil), (Self.request(nil, host: "x"), nil), (Self.request("x", host: "x"), nil),
        ])
    func aStreamNamesItsHost(_ request: HTTPRequest, _ expected: Int?) throws {
        let stream = try Stream()
        try stream.receive(request)
        #expect(try stream.status() == expected)
        #expect(stream.resets.count.withLock(\.self) == 0)
    }

    @Test func tooLargeHeadersEndTheirStreamAlone() throws {
        var long = Self.request("x")
        long.headerFields[.accept] = String(repeating: "a", count: NetworkPolicy.maximumHeaderBytes)
        var many = Self.request("x")
        for index in 0..<200 { many.headerFields.append(HTTPField(name: .headerName("A\(index)"), value: "b")) }
        for request in [long, many] {
            for isWhole in [true, false] {
                let stream = try Stream()
                try stream.receive(request, isWhole: isWhole)
                #expect(try stream.status() == 431)
                // What is still to come is not wanted, which is no error.
                #expect(stream.resets.count.withLock(\.self) == (isWhole ? 0 : 1))
            }
        }
    }

    @Test func aBodyThatIsTooLongIsResetAfterTheAnswer() throws {
        let stream = try Stream()
        var head = Self.request("x")
        head.headerFields[.contentLength] = "5000000"
        try stream.receive(head, isWhole: false)
        #expect(stream.resets.count.withLock(\.self) == 0)
        try stream.channel.writeOutbound(HTTPResponsePart.head(HTTPResponse(status: .contentTooLarge)))
        try stream.channel.writeOutbound(HTTPResponsePart.end(nil))
        stream.channel.embeddedEventLoop.run()
        #expect(try stream.status() == 413)
        #expect(stream.resets.count.withLock(\.self) == 1)
    }
}
