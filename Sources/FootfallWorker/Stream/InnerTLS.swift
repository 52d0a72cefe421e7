import Crypto
import Foundation
import NIOSSL
import X509

/// TLS between FFmpeg and the relay, within this process. FFmpeg speaks https to what it takes for a server at the far end
/// of a proxy; the relay takes that server's part, and speaks with the real one under a certificate that it has checked.
///
/// FFmpeg checks nothing: who is at the relay's other end is known anyway.
enum InnerTLS {
    static func handler() throws -> NIOSSLServerHandler { NIOSSLServerHandler(context: try context.get()) }

    /// With a certificate that lives as long as the process.
    private static let context = Result {
        let key = P256.Signing.PrivateKey()
        let name = try DistinguishedName { CommonName("footfall-worker") }
        let now = Date()
        let certificate = try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: .init(key.publicKey),
            notValidBefore: now - 86_400, notValidAfter: now + 10 * 365 * 86_400, issuer: name, subject: name,
            signatureAlgorithm: .ecdsaWithSHA256, extensions: Certificate.Extensions(),
            issuerPrivateKey: .init(key))
        let pem = try certificate.serializeAsPEM().pemString
        return try NIOSSLContext(
            configuration: .makeServerConfiguration(
                certificateChain: [.certificate(try NIOSSLCertificate(bytes: Array(pem.utf8), format: .pem))],
                privateKey: .privateKey(try NIOSSLPrivateKey(bytes: Array(key.pemRepresentation.utf8), format: .pem))))
    }
}
