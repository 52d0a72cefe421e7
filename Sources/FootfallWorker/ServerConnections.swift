import AsyncHTTPClient
import Glibc
import NIOCore
import NIOSSL
import Synchronization

/// Which certificates of the server are believed, beside those that the system's authorities have signed.
struct ServerTrust: Sendable {
    /// A PEM file with further authorities, or with a self-signed certificate.
    var authorities: String?
    /// The PEM file by which a server on this machine proves who it is. It is reached at its own port under an address
    /// that the certificate need not name, so the host is not compared.
    var ownServer: String?

    var files: [String] { [authorities, ownServer].compactMap(\.self) }

    /// Whether an address of this machine has that name: one can be bound here. Blocks while a name is looked up.
    static func isOfThisMachine(_ host: String) -> Bool {
        guard let address = try? SocketAddress.makeAddressResolvingHost(host, port: 0) else { return false }
        let family = address.protocol == .inet6 ? AF_INET6 : AF_INET
        let descriptor = socket(family, Int32(SOCK_DGRAM.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return address.withSockAddr { bind(descriptor, $0, socklen_t($1)) == 0 }
    }
}

/// The worker's connections to its server.
final class ServerConnections: Sendable {
    private struct Client {
        let http: HTTPClient
        /// Of the files that it trusts.
        let versions: [FileVersion]
    }

    private let trust: ServerTrust
    private let current = Mutex<Client?>(nil)

    init(_ trust: ServerTrust = ServerTrust()) { self.trust = trust }

    /// Closes the connections. Must be called before the last reference goes, if anything was sent.
    func close() async {
        let last = current.withLock { current in
            defer { current = nil }
            return current
        }
        try? await last?.http.shutdown()  // it can only fail where it is shut down already
    }

    /// Sends a request. What the files hold now is believed: a server's certificate is replaced in time. Throws where
    /// one cannot be read.
    func execute(_ request: HTTPClientRequest, timeout: TimeAmount) async throws -> HTTPClientResponse {
        let versions = try trust.files.map { try FileVersion(of: $0) }
        let (client, outdated) = try current.withLock { current -> (HTTPClient, HTTPClient?) in
            if let current, current.versions == versions { return (current.http, nil) }
            let made = Client(http: try makeClient(), versions: versions)
            defer { current = made }
            return (made.http, current?.http)
        }
        // What is under way there fails, and is sent again.
        try? await outdated?.shutdown()  // it can only fail where it is shut down already
        return try await client.execute(request, timeout: timeout)
    }

    private func makeClient() throws -> HTTPClient {
        var configuration = HTTPClient.Configuration.singletonConfiguration
        if !trust.files.isEmpty {
            var tls = TLSConfiguration.makeClientConfiguration()
            tls.additionalTrustRoots = [.certificates(try trust.files.flatMap(NIOSSLCertificate.fromPEMFile))]
            if trust.ownServer != nil { tls.certificateVerification = .noHostnameVerification }
            configuration.tlsConfiguration = tls
        }
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }
}
