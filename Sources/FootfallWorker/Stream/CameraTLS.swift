import Crypto
import Foundation
import NIOSSL
import StreamPolicy
import Synchronization
import X509

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
        /// It is the one that the camera is known to have, and no other will do.
        case fingerprint
    }

    private let trust: StreamTrust
    private let certificates: [NIOSSLCertificate]
    /// Of the certificates those of authorities: the others stand for nothing but themselves.
    private let authorities: [NIOSSLCertificate]
    private let pinned: CertificateFingerprint?
    /// Each made once: the system's certificates take some time to read.
    private let made = Mutex<[Judgement: NIOSSLContext]>([:])

    static let system = CameraTLS(trust: .system, certificates: [])

    private init(
        trust: StreamTrust, certificates: [NIOSSLCertificate], pinned: CertificateFingerprint? = nil
    ) {
        self.trust = trust
        self.certificates = certificates
        self.pinned = pinned
        authorities = certificates.filter(Self.isAuthority)
    }

    /// The same for a camera that shows this certificate, and for no other; nil for any that is trusted.
    func pinned(to fingerprint: CertificateFingerprint?) -> CameraTLS {
        guard let fingerprint else { return self }
        return CameraTLS(trust: trust, certificates: certificates, pinned: fingerprint)
    }

    /// Cameras' own certificates often say that they are authorities, since that is how they are made; one that is meant to
    /// vouch for others says so by its key's usage, too (RFC 5280, 4.2.1.3).
    private static func isAuthority(_ certificate: NIOSSLCertificate) -> Bool {
        guard let bytes = try? certificate.toDERBytes(), let parsed = try? Certificate(derEncoded: bytes),
            case .isCertificateAuthority? = try? parsed.extensions.basicConstraints,
            let usage = try? parsed.extensions.keyUsage
        else { return false }
        return usage.keyCertSign
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
    var judgements: [Judgement] {
        if pinned != nil { return [.fingerprint] }
        return certificates.isEmpty ? [.authorities] : [.authorities, .ownCertificate]
    }

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
        case .fingerprint:
            return try NIOSSLClientHandler(context: try context(judgement), serverHostname: name) {
                [pinned] chain, promise in
                let shown = chain.first.flatMap { try? $0.toDERBytes() }  // what cannot be read is not it
                    .flatMap { CertificateFingerprint(bytes: SHA256.hash(data: $0)) }
                promise.succeed(shown != nil && shown == pinned ? .certificateVerified : .failed)
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
            if !authorities.isEmpty { configuration.additionalTrustRoots = [.certificates(authorities)] }
        case .ownCertificate, .fingerprint:
            configuration.trustRoots = .certificates(certificates)
            configuration.certificateVerification = .noHostnameVerification
        }
        return configuration
    }
}
