import EventSourcing
import NIOCore
import StreamPolicy
import StreamSupport
import Testing
import Vision

@testable import footfall_worker

/// What an RTMP server hears of anyone who opens a stream.
@Suite struct RTMPStreamTests {
    /// The `tcUrl` that FFmpeg names to a server on 127.0.0.1, which then goes away.
    /// - Parameters:
    ///   - path: from the stream's port on.
    ///   - identity: what the server shows under TLS, which is taken unseen; nil speaks in clear.
    private func named(
        host: String, _ path: String, identity: TestAuthority.Identity? = nil
    ) async throws -> (serverURL: String?, port: Int) {
        let (calls, call) = AsyncStream.makeStream(of: String.self)
        let scheme = identity == nil ? "rtmp" : "rtmps"
        return try await StreamServer.run(tls: try identity?.serverContext()) { requests, answers in
            var received = ByteBuffer()
            var isGreeted = false
            for try await bytes in requests {
                received.writeImmutableBuffer(bytes)
                if !isGreeted, received.readableBytes >= RTMPGreeting.length {
                    try await answers.write(RTMPGreeting.answer)
                    isGreeted = true
                }
                if let url = RTMPGreeting.serverURL(in: received) {
                    call.yield(url)
                    return
                }
            }
        } _: { port in
            let names = NameResolver { _ in [IPAddress("127.0.0.1")].compactMap(\.self) }
            let unseen = try CameraTLS(StreamTrust(verifies: false, file: nil))
            _ = try await probe(.rtmp, "\(scheme)://\(host):\(port)\(path)", names: names, tls: unseen)
            call.finish()
            return (await calls.first { _ in true }, port)
        }
    }

    @Test func theServerIsToldTheNameThatTheStreamsURLHas() async throws {
        let (url, port) = try await named(host: "camera.invalid", "/app/live")
        #expect(url == "rtmp://camera.invalid:\(port)/app")
    }

    @Test func aServerUnderTLSIsToldSoOnceItIsTrusted() async throws {
        let identity = try TestAuthority.selfSigned(for: .name("IPC"))
        let (url, port) = try await named(host: "camera.invalid", "/app/live", identity: identity)
        #expect(url == "rtmps://camera.invalid:\(port)/app")
        try await ScriptedServer.run(tls: try identity.serverContext()) { _ in
            nil
        } _: { port in
            let answer = try await probe(.rtmp, "rtmps://127.0.0.1:\(port)/app/live")
            #expect(answer["reason"] == "certificate_not_trusted", "\(answer.text)")
        }
    }

    @Test(arguments: [
        "/app/live?tcUrl=rtmp://127.0.0.2:1/app", "/app|rtmp_tcurl;rtmp:/live",
        "/app/live|rtmp_tcurl;rtmp://127.0.0.2:1/app", "/app;127.0.0.2/live", "/rtmp://127.0.0.2:1/app/live",
    ])
    func aPathNamesNoOtherServer(_ path: String) async throws {
        let (url, _) = try await named(host: "camera.invalid", path)
        #expect(url?.hasPrefix("rtmp://127.0.0.1:") == true, "\(url ?? "none")")
    }

    @Test(arguments: [
        "rtmp://127.0.0.2/app/live", "rtmp://127.0.0.2:1/rtmp://127.0.0.1/live", "rtmps://[::1]/app/live",
        "rtmp://127.0.0.1@127.0.0.2/app/live", "rtmp://127.0.0.1:1/app/live tcUrl=rtmp://127.0.0.2/app",
        "rtmpt://127.0.0.1/app/live", "rtmp://127.0.0.1\\@127.0.0.2/app",
    ])
    func whatThePolicyForbidsIsRefused(_ url: String) async throws {
        #expect(try await probe(.rtmp, url)["reason"] == "address_not_allowed")
    }
}

/// The beginning of an RTMP connection, from the server's side (Adobe's RTMP 1.0, sections 5.2, 5.3 and 7.2.1.1).
private enum RTMPGreeting {
    private static let block = 1536
    /// Of C0 and C1.
    static let length = 1 + block

    /// S0, S1 and S2 of a server that asks for no digest.
    static var answer: ByteBuffer { ByteBuffer(bytes: [3] + [UInt8](repeating: 0, count: 2 * block)) }

    /// The `tcUrl` in the command `connect` that follows C2; nil where it is not there whole.
    static func serverURL(in received: ByteBuffer) -> String? {
        var bytes = received
        guard bytes.readSlice(length: length + block) != nil, let head = bytes.readBytes(length: 12) else { return nil }
        var left = Int(head[4]) << 16 | Int(head[5]) << 8 | Int(head[6])
        var message = ByteBuffer()
        while let chunk = bytes.readSlice(length: min(128, left)) {
            message.writeImmutableBuffer(chunk)
            left -= chunk.readableBytes
            if left == 0 { break }
            bytes.moveReaderIndex(forwardBy: min(1, bytes.readableBytes))  // the next chunk's head
        }
        guard left == 0 else { return nil }
        // The member's name, the type of a string, its length.
        let name = Array("tcUrl".utf8) + [2]
        let all = Array(message.readableBytesView)
        guard let at = all.indices.first(where: { all[$0...].starts(with: name) }), at + 8 <= all.count else {
            return nil
        }
        let count = Int(all[at + 6]) << 8 | Int(all[at + 7])
        return String(decoding: all[(at + 8)...].prefix(count), as: UTF8.self)
    }
}
