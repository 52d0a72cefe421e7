import API
import Foundation
import Hummingbird
import NIOCore
import NIOPosix
import NIOSSL
import StreamSupport
import Synchronization
import Testing

/// What waits for a client that reads nothing is bounded, and is given up in time, over TLS too.
@Suite(.timeLimit(.minutes(3))) struct UnreadAnswerTests {
    private static let fileBytes = 1_400_000

    private func withServer(_ policy: NetworkPolicy, _ body: @escaping @Sendable (WireServer) async throws -> Void)
        async throws
    {
        let folder = FileManager.default.temporaryDirectory.appending(path: "footfall-tls-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }  // a folder in /tmp may stay
        let made = try TestAuthority.selfSigned(for: .address(127, 0, 0, 1))
        let files = (folder.appending(path: "c.pem"), folder.appending(path: "k.pem"))
        try made.certificate.write(to: files.0, atomically: true, encoding: .utf8)
        try made.key.write(to: files.1, atomically: true, encoding: .utf8)
        let file = ByteBuffer(repeating: 0x20, count: Self.fileBytes)
        try await WireServer.with(
            policy, identity: try ServerIdentity(certificate: files.0.path, key: files.1.path)
        ) { router in
            router.get("/file") { _, _ in Response(status: .ok, body: ResponseBody(byteBuffer: file)) }
        } _: { server in
            try await body(server)
        }
    }

    /// Of this process, in bytes.
    private static var residentBytes: Int {
        let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
        return (text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 4096
    }

    @Test func connectionsThatReadNothingTakeLittleAndEnd() async throws {
        var policy = NetworkPolicy()
        policy.writeTimeout = .seconds(2)
        let used = policy
        try await withServer(policy) { server in
            let before = Self.residentBytes
            let client = HTTP2Client(port: server.port)
            var channels: [any Channel] = []
            for _ in 0..<30 { channels.append(try await client.askAndReadNothing(100, path: "/file")) }
            // A hundred answers of each connection would be 4 GB.
            #expect(Self.residentBytes - before < 120_000_000)
            // A client that does not read does not hear of the end either.
            while used.connections.count(from: "127.0.0.1") > 0 { try await Task.sleep(for: .milliseconds(20)) }
            for channel in channels { channel.close(promise: nil) }
        }
    }

    @Test(arguments: [
        (NIOTLSCipher.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, false),
        (NIOTLSCipher.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, true),
    ])
    func onlyAuthenticatedEncryptionIsOffered(cipher: NIOTLSCipher, isOffered: Bool) async throws {
        try await withServer(NetworkPolicy()) { server in
            var configuration = TLSConfiguration.makeClientConfiguration()
            configuration.certificateVerification = .none
            configuration.maximumTLSVersion = .tlsv12
            configuration.cipherSuiteValues = [cipher]
            let context = try NIOSSLContext(configuration: configuration)
            let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        let pipeline = channel.pipeline.syncOperations
                        try pipeline.addHandler(NIOSSLClientHandler(context: context, serverHostname: nil))
                    }
                }
                .connect(host: "127.0.0.1", port: server.port).get()
            let request = ByteBuffer(string: "GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
            do {
                // Written once the handshake is done.
                try await channel.writeAndFlush(request)
                #expect(isOffered)
                try await channel.close()
            } catch {
                #expect(!isOffered, "\(error)")
            }
        }
    }
}
