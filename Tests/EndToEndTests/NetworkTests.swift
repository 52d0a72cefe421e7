import AsyncHTTPClient
import Foundation
import Glibc
import NIOCore
import NIOHTTP1
import NIOSSL
import TestSupport
import Testing

@testable import Postgres

/// The server as others on the network meet it.
@Suite(.timeLimit(.minutes(5))) struct NetworkTests {
    private struct Served {
        let program: Program
        let root: String
        let port: UInt16

        /// No tokens, since they are not these tests' subject.
        static let environment = ["FOOTFALL_AUTH": "off", "FOOTFALL_MASTER_KEY": Footfall.masterKey]

        /// `footfall serve` on a database, once its API listens.
        init(
            on target: ConnectionTarget, _ arguments: [String] = [], environment: [String: String] = [:]
        ) async throws {
            program = try Program(
                "footfall", ["serve", "--port", "0", "--database-url", target.url] + arguments,
                environment: Self.environment.merging(environment) { _, given in given })
            try await program.waits(for: "/api/v1\n")
            let match = try #require(program.output.firstMatch(of: /API: +(https?:\/\/127\.0\.0\.1:([0-9]+))\/api\/v1/))
            root = String(match.output.1)
            port = try #require(UInt16(match.output.2))
        }

        /// Whether a new connection is taken.
        var isListening: Bool {
            guard let socket = connected() else { return false }
            close(socket)
            return true
        }

        /// The socket of a new connection; nil where none is taken.
        func connected() -> Int32? {
            let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            let isTaken = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
                }
            }
            if isTaken { return socket }
            close(socket)
            return nil
        }
    }

    private static func send(_ text: String, to socket: Int32) throws {
        let sent = Glibc.send(socket, text, text.utf8.count, Int32(MSG_NOSIGNAL))
        try #require(sent == text.utf8.count)
    }

    /// What comes until it ends so, or until the connection ends.
    private static func receive(from socket: Int32, until end: String?) async throws -> String {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while end.map({ !String(decoding: bytes, as: UTF8.self).hasSuffix($0) }) ?? true {
            let count = recv(socket, &buffer, buffer.count, Int32(MSG_DONTWAIT))
            if count < 0, errno == EAGAIN {
                try Task.checkCancellation()
                await Task.yield()
                continue
            }
            if count <= 0 { break }
            bytes += buffer[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test func whatWasAcceptedIsFinishedWhenTheServerStops() async throws {
        try await TestCluster.shared.withDatabase { target in
            let served = try await Served(on: target)
            let camera = #"{"name":"Last one in","stream_url":"rtsp://10.0.0.5/s","stream_type":"rtsp"}"#
            let client = try #require(served.connected())
            defer { close(client) }
            try Self.send(
                "POST /api/v1/cameras HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nExpect: 100-continue\r\n"
                    + "Content-Length: \(camera.utf8.count)\r\n\r\n", to: client)
            // The server asks for the body of a request that it works on.
            let asked = try await Self.receive(from: client, until: "100 Continue\r\n\r\n")
            #expect(asked.hasSuffix("100 Continue\r\n\r\n"))
            served.program.signal(SIGTERM)
            while served.isListening { await Task.yield() }
            try Self.send(camera, to: client)

            let answer = try await Self.receive(from: client, until: nil)
            #expect(answer.hasPrefix("HTTP/1.1 201 Created\r\n"), "\(answer)")
            #expect(answer.contains("\r\nConnection: close\r\n"))
            #expect(await served.program.waitsForEnd() == 0)
            let connection = try await Connection.open(target, logger: .silent)
            defer { connection.close() }
            let names = try await connection.query(
                "select data ->> 'name' from events where type = 'CameraRegistered'")
            #expect(try names.map { try $0.text(0) } == ["Last one in"])
        }
    }

    @Test func clientsComeByTLSAndTheCertificateCanBeReplaced() async throws {
        try await withFolder { folder in
            let (certificate, key) = try await makeCertificate(in: folder)
            try await TestCluster.shared.withDatabase { target in
                let served = try await Served(
                    on: target, ["--tls-certificate", certificate, "--tls-key", key, "--log-format", "json"])
                #expect(served.root.hasPrefix("https://"))
                for version in [HTTPClient.Configuration.HTTPVersion.automatic, .http1Only] {
                    let answer = try await get(served.root + "/health/live", trusting: certificate, version)
                    #expect(answer.status == .ok)
                    #expect(answer.version == (version == .automatic ? .http2 : .http1_1))
                    #expect(answer.headers["Strict-Transport-Security"] == ["max-age=31536000"])
                }
                // Too large a header ends nothing but its stream, once the client knows the server's settings.
                let large = try await get(
                    served.root + "/health/live", trusting: certificate,
                    headers: ["A": String(repeating: "b", count: 20_000)])
                #expect(large.status == .requestHeaderFieldsTooLarge)
                #expect(large.version == .http2)

                let old = folder.appending(path: "old.pem").path
                try FileManager.default.moveItem(atPath: certificate, toPath: old)
                _ = try await makeCertificate(in: folder)
                served.program.signal(SIGHUP)
                try await served.program.waits(for: "the TLS certificate was reloaded")
                #expect(try await get(served.root + "/health/live", trusting: certificate).status == .ok)
                await #expect(throws: (any Error).self) {
                    try await get(served.root + "/health/live", trusting: old)
                }

                try Data("nothing".utf8).write(to: URL(filePath: certificate))
                served.program.signal(SIGHUP)
                try await served.program.waits(for: "the TLS certificate stays as it was")
                #expect(await stop(served) == 0)
                // Each line of the log is an object of its own.
                let lines = served.program.output.split(separator: "\n").filter { !$0.hasPrefix("API:") }
                #expect(!lines.isEmpty)
                for line in lines {
                    let entry = try JSONSerialization.jsonObject(with: Data(line.utf8))
                    #expect(entry is [String: Any], "\(line)")
                }
            }
        }
    }

    @Test func certificateThatIsOfNoUseIsSaidSo() async throws {
        try await withFolder { folder in
            let (certificate, _) = try await makeCertificate(in: folder)
            let others = folder.appending(path: "others")
            try FileManager.default.createDirectory(at: others, withIntermediateDirectories: true)
            let (_, otherKey) = try await makeCertificate(in: others)
            try await TestCluster.shared.withDatabase { target in
                for (arguments, complaint) in [
                    (["--tls-certificate", certificate], "FOOTFALL_TLS_KEY is missing"),
                    (["--tls-certificate", certificate, "--tls-key", "/nonexistent"], "/nonexistent is not there"),
                    (["--tls-certificate", otherKey, "--tls-key", otherKey], "holds no certificate"),
                    (["--tls-certificate", certificate, "--tls-key", certificate], "holds no private key"),
                    (["--tls-certificate", certificate, "--tls-key", otherKey], "is not that of the certificate"),
                    (["--host", "0.0.0.0"], "on a loopback address alone"),
                ] {
                    let (code, output) = try await Program.run(
                        "footfall", ["serve", "--port", "0", "--database-url", target.url] + arguments,
                        environment: Served.environment)
                    #expect(code == 64, "\(output)")
                    #expect(output.contains(complaint), "\(output)")
                }
            }
        }
    }

    private func stop(_ served: Served) async -> Int32 {
        served.program.signal(SIGTERM)
        return await served.program.waitsForEnd()
    }

    @discardableResult
    private func get(
        _ url: String, trusting certificate: String, _ version: HTTPClient.Configuration.HTTPVersion = .automatic,
        headers: HTTPHeaders = [:]
    ) async throws -> HTTPClientResponse {
        var configuration = HTTPClient.Configuration()
        configuration.tlsConfiguration = .makeClientConfiguration()
        configuration.tlsConfiguration?.trustRoots = .file(certificate)
        configuration.httpVersion = version
        configuration.timeout.connect = .seconds(5)
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        do {
            var answer = try await client.execute(HTTPClientRequest(url: url), timeout: .seconds(60))
            if !headers.isEmpty {
                var request = HTTPClientRequest(url: url)
                request.headers = headers
                answer = try await client.execute(request, timeout: .seconds(60))
            }
            try await client.shutdown()
            return answer
        } catch {
            try await client.shutdown()
            throw error
        }
    }

    /// Files with a self-signed certificate for 127.0.0.1, and its key.
    private func makeCertificate(in folder: URL) async throws -> (certificate: String, key: String) {
        let certificate = folder.appending(path: "certificate.pem").path
        let key = folder.appending(path: "key.pem").path
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/openssl")
        process.arguments = [
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
            "-subj", "/CN=footfall \(UInt32.random(in: 0 ... .max))", "-addext", "subjectAltName=IP:127.0.0.1",
            "-keyout", key, "-out", certificate,
        ]
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        return (certificate, key)
    }
}
