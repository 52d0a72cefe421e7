import Crypto
import Foundation
import NIOSSL
import X509

/// An authority of a test's own, and the certificates that it signs.
package struct TestAuthority {
    /// A certificate with its key.
    package struct Identity {
        /// In PEM.
        package let certificate: String
        package let key: String

        /// What a server shows that has it.
        package func serverContext() throws -> NIOSSLContext {
            try NIOSSLContext(
                configuration: .makeServerConfiguration(
                    certificateChain: [
                        .certificate(try NIOSSLCertificate(bytes: Array(certificate.utf8), format: .pem))
                    ],
                    privateKey: .privateKey(try NIOSSLPrivateKey(bytes: Array(key.utf8), format: .pem))))
        }
    }

    private let key: P256.Signing.PrivateKey
    private let name: DistinguishedName
    /// In PEM.
    package let certificate: String

    package init() throws {
        key = P256.Signing.PrivateKey()
        name = try DistinguishedName { CommonName("a test's authority \(UInt32.random(in: 0 ... .max))") }
        let extensions = try Certificate.Extensions {
            Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
            Critical(KeyUsage(keyCertSign: true))
        }
        certificate = try Self.certificate(
            for: key, named: name, by: key, named: name, extensions: extensions)
    }

    /// Anyone who has the key of a camera that made its own certificate as tools do by default: one that says that it
    /// is an authority.
    package init(ofCamera camera: P256.Signing.PrivateKey) throws {
        key = camera
        name = try DistinguishedName { CommonName("IPC") }
        let extensions = try Certificate.Extensions {
            Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
        }
        certificate = try Self.certificate(for: key, named: name, by: key, named: name, extensions: extensions)
    }

    package enum Host {
        case address(UInt8, UInt8, UInt8, UInt8)
        case name(String)
    }

    package func identity(for hosts: Host...) throws -> Identity {
        try Self.identity(for: hosts) { key, name, extensions in
            try Self.certificate(for: key, named: name, by: self.key, named: self.name, extensions: extensions)
        }
    }

    /// A self-signed certificate that signs no others, as cameras make them.
    package static func selfSigned(for hosts: Host...) throws -> Identity {
        try identity(for: hosts) { key, name, extensions in
            try certificate(for: key, named: name, by: key, named: name, extensions: extensions)
        }
    }

    private static func identity(
        for hosts: [Host],
        _ sign: (P256.Signing.PrivateKey, DistinguishedName, Certificate.Extensions) throws -> String
    ) throws -> Identity {
        let key = P256.Signing.PrivateKey()
        let names: [GeneralName] = hosts.map { host in
            switch host {
            case .address(let a, let b, let c, let d): .ipAddress(.init(contentBytes: [a, b, c, d]))
            case .name(let name): .dnsName(name)
            }
        }
        let extensions = try Certificate.Extensions { SubjectAlternativeNames(names) }
        let name = try DistinguishedName { CommonName("camera") }
        return Identity(certificate: try sign(key, name, extensions), key: key.pemRepresentation)
    }

    private static func certificate(
        for key: P256.Signing.PrivateKey, named subject: DistinguishedName, by issuerKey: P256.Signing.PrivateKey,
        named issuer: DistinguishedName, extensions: Certificate.Extensions
    ) throws -> String {
        let now = Date()
        return try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: .init(key.publicKey),
            notValidBefore: now - 3600, notValidAfter: now + 86_400, issuer: issuer, subject: subject,
            signatureAlgorithm: .ecdsaWithSHA256, extensions: extensions, issuerPrivateKey: .init(issuerKey)
        ).serializeAsPEM().pemString
    }
}
