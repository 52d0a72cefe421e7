import Foundation
import NIOSSL
import StreamPolicy
import Synchronization

/// How connections to cameras are put under TLS, and whom they believe.
final class CameraTLS: Sendable {
    struct Unusable: Error, CustomStringConvertible {
        let description: String
    }

    /// By what a camera's certificate is judged.
    enum Judgement: Sendable {
        /// It is vouched for, and bears the host's name or address.
        case authorities
        /// It is itself in the file of what is trusted. Cameras sign their own certificates, seldom for the address that
        /// they are reached at.
        case ownCertificate
    }

    private let trust: StreamTrust
    private let certificates: [NIOSSLCertificate]
    /// Each made once: the system's certificates take some time to read.
    private let made = Mutex<[Judgement: NIOSSLContext]>([:])

    static let system = CameraTLS(trust: .system, certificates: [])

    private init(trust: StreamTrust, certificates: [NIOSSLCertificate]) {
        self.trust = trust
        self.certificates = certificates
    }

    convenience init(_ trust: StreamTrust) throws(Unusable) {
        var certificates: [NIOSSLCertificate] = []
        if let file = trust.file {
            guard FileManager.default.isReadableFile(atPath: file) else {
                throw Unusable(description: "\(file) is not there, or cannot be read")
            }
            certificates = (try? NIOSSLCertificate.fromPEMFile(file)) ?? []
            if certificates.isEmpty { throw Unusable(description: "\(file) holds no certificate in PEM") }
        }
        self.init(trust: trust, certificates: certificates)
    }

    /// The judgements that are open to a camera, one of which is enough.
    var judgements: [Judgement] { certificates.isEmpty ? [.authorities] : [.authorities, .ownCertificate] }

    /// What puts a connection under TLS.
    /// - Parameter host: as the stream's URL names it.
    func handler(_ judgement: Judgement, for host: StreamEndpoint.Host) throws -> NIOSSLClientHandler {
        // Without a name, the certificate is held against the address that is connected to.
        var name: String?
        if case .name(let text) = host { name = text }
        switch judgement {
        case .authorities: return try NIOSSLClientHandler(context: try context(judgement), serverHostname: name)
        case .ownCertificate:
            return try NIOSSLClientHandler(context: try context(judgement), serverHostname: name) {
                [certificates] chain, promise in
                promise.succeed(chain.first.map(certificates.contains) == true ? .certificateVerified : .failed)
            }
        }
    }

    private func context(_ judgement: Judgement) throws -> NIOSSLContext {
        try made.withLock { made in
            if let context = made[judgement] { return context }
            let context = try NIOSSLContext(configuration: configuration(judgement))
            made[judgement] = context
            return context
        }
    }

    private func configuration(_ judgement: Judgement) -> TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        switch judgement {
        case .authorities where !trust.verifies: configuration.certificateVerification = .none
        case .authorities:
            if !certificates.isEmpty { configuration.additionalTrustRoots = [.certificates(certificates)] }
        case .ownCertificate:
            configuration.trustRoots = .certificates(certificates)
            configuration.certificateVerification = .noHostnameVerification
        }
        return configuration
    }
}
