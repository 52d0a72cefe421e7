import Foundation
import NIOSSL
import Synchronization

/// The certificate by which the server proves who it is. It can be reloaded while the server runs.
package final class ServerIdentity: Sendable {
    package struct Unusable: Error, CustomStringConvertible {
        package let description: String
    }

    private struct Pair {
        let certificates: [NIOSSLCertificate]
        let key: NIOSSLPrivateKey
    }

    private let certificateFile: String
    private let keyFile: String
    private let current: Mutex<Pair>

    /// - Parameters:
    ///   - certificate: a PEM file: the server's own certificate first, then those of the authorities that signed it.
    ///   - key: a PEM file with the key of the first certificate.
    package init(certificate: String, key: String) throws(Unusable) {
        certificateFile = certificate
        keyFile = key
        current = Mutex(try Self.read(certificate, key))
    }

    /// Takes the files as they are now, for connections to come; keeps what it has where they are of no use.
    package func reload() throws(Unusable) {
        let pair = try Self.read(certificateFile, keyFile)
        current.withLock { $0 = pair }
    }

    var configuration: TLSConfiguration {
        let pair = current.withLock(\.self)
        var configuration = Self.configuration(pair)
        configuration.sslContextCallback = { [self] _, promise in
            let pair = current.withLock(\.self)
            var override = NIOSSLContextConfigurationOverride()
            override.certificateChain = pair.certificates.map { .certificate($0) }
            override.privateKey = .privateKey(pair.key)
            promise.succeed(override)
        }
        return configuration
    }

    private static func configuration(_ pair: Pair) -> TLSConfiguration {
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: pair.certificates.map { .certificate($0) }, privateKey: .privateKey(pair.key))
        configuration.minimumTLSVersion = .tlsv12
        // Those of RFC 9325, section 4.2; TLS 1.3 has no others. CBC is out, also for HTTP/2 (RFC 9113, appendix A).
        configuration.cipherSuiteValues = [
            .TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, .TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
            .TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, .TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
            .TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, .TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
        ]
        return configuration
    }

    private static func read(_ certificateFile: String, _ keyFile: String) throws(Unusable) -> Pair {
        for file in [certificateFile, keyFile] where !FileManager.default.isReadableFile(atPath: file) {
            let isThere = FileManager.default.fileExists(atPath: file)
            throw Unusable(description: "the TLS file \(file) \(isThere ? "cannot be read" : "is not there")")
        }
        guard let certificates = try? NIOSSLCertificate.fromPEMFile(certificateFile), !certificates.isEmpty else {
            throw Unusable(description: "\(certificateFile) holds no certificate in PEM")
        }
        guard let key = try? NIOSSLPrivateKey(file: keyFile, format: .pem) else {
            throw Unusable(description: "\(keyFile) holds no private key in PEM, or one that is under a passphrase")
        }
        let pair = Pair(certificates: certificates, key: key)
        do { _ = try NIOSSLContext(configuration: configuration(pair)) } catch {
            throw Unusable(description: "the key in \(keyFile) is not that of the certificate in \(certificateFile)")
        }
        return pair
    }
}
