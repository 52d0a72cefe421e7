import AsyncHTTPClient
import Foundation
import NIOCore
import StreamSupport
import Testing

@testable import footfall_worker

/// Which servers the worker speaks with.
@Suite(.timeLimit(.minutes(5))) struct ServerConnectionsTests {
    /// A PEM file of what is trusted, which a test may write again.
    private final class TrustedFile {
        let url = FileManager.default.temporaryDirectory.appending(path: "server-\(UUID().uuidString).pem")

        init(_ certificate: String) throws { try write(certificate) }

        deinit { try? FileManager.default.removeItem(at: url) }  // a file in the temporary folder may stay

        func write(_ certificate: String) throws { try Data(certificate.utf8).write(to: url, options: .atomic) }
    }

    /// - Parameter timeout: until then, a connection that fails is retried.
    private func ask(
        _ identity: TestAuthority.Identity, by connections: ServerConnections, timeout: TimeAmount = .seconds(60)
    ) async throws -> UInt {
        try await ScriptedServer.run(tls: try identity.serverContext()) { _ in
            ByteBuffer(string: "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        } _: { port in
            let request = HTTPClientRequest(url: "https://127.0.0.1:\(port)/")
            return try await connections.execute(request, timeout: timeout).status.code
        }
    }

    @Test func anAuthoritysWordCountsForTheHostThatItNames() async throws {
        let authority = try TestAuthority()
        let file = try TrustedFile(authority.certificate)
        let connections = ServerConnections(ServerTrust(authorities: file.url.path))
        #expect(try await ask(authority.identity(for: .address(127, 0, 0, 1)), by: connections) == 204)
        await #expect(throws: (any Error).self) {
            try await ask(authority.identity(for: .name("footfall.invalid")), by: connections, timeout: .seconds(2))
        }
        await #expect(throws: (any Error).self) {
            try await ask(TestAuthority().identity(for: .address(127, 0, 0, 1)), by: connections, timeout: .seconds(2))
        }
        await connections.close()
    }

    @Test func aServerOnThisMachineIsKnownByItsCertificateAlsoWhenThatIsReplaced() async throws {
        let (old, new) = (
            try TestAuthority.selfSigned(for: .name("footfall.invalid")),
            try TestAuthority.selfSigned(for: .name("footfall.invalid"))
        )
        let file = try TrustedFile(old.certificate)
        let connections = ServerConnections(ServerTrust(ownServer: file.url.path))
        #expect(try await ask(old, by: connections) == 204)
        await #expect(throws: (any Error).self) { try await ask(new, by: connections, timeout: .seconds(2)) }
        try file.write(new.certificate)
        #expect(try await ask(new, by: connections) == 204)
        await #expect(throws: (any Error).self) { try await ask(old, by: connections, timeout: .seconds(2)) }
        await connections.close()
    }

    @Test func aFileThatIsNotThereIsSaidNotToBe() async throws {
        let connections = ServerConnections(ServerTrust(authorities: "/nonexistent.pem"))
        await #expect(throws: FileVersion.Unreadable.self) {
            try await connections.execute(HTTPClientRequest(url: "https://127.0.0.1:1/"), timeout: .seconds(1))
        }
    }
}
