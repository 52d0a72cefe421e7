import Crypto
import Foundation

/// What signs notes: an Ed25519 key under a name.
package struct NoteSigner: Sendable {
    package let key: NoteKey
    private let secret: Curve25519.Signing.PrivateKey

    /// - Parameter seed: the key's 32 secret bytes (RFC 8032, section 5.1.5).
    /// - Returns: nil where the name cannot stand in a note, or the seed has another length.
    package init?(name: String, kind: NoteKey.Kind = .signature, seed: some Sequence<UInt8>) {
        guard let secret = try? Curve25519.Signing.PrivateKey(rawRepresentation: Array(seed)),
            let key = NoteKey(name: name, kind: kind, publicKey: secret.publicKey.rawRepresentation)
        else { return nil }
        self.key = key
        self.secret = secret
    }

    /// - Parameters:
    ///   - text: a note's.
    ///   - time: in seconds since 1970; a cosignature says it.
    package func signature(of text: String, at time: UInt64) throws -> NoteSignature {
        switch key.kind {
        case .signature:
            let bytes = try secret.signature(for: Data(text.utf8))
            return NoteSignature(name: key.name, keyID: key.id, bytes: Array(bytes))
        case .cosignature:
            let bytes = try secret.signature(for: Data(NoteSignature.cosigned(text, at: time).utf8))
            let stamp = withUnsafeBytes(of: time.bigEndian) { Array($0) }
            return NoteSignature(name: key.name, keyID: key.id, bytes: stamp + bytes)
        }
    }

    // MARK: As text

    private static let prefix = "PRIVATE+KEY+"

    /// `PRIVATE+KEY+name+id+base64`, as golang.org/x/mod/sumdb/note writes signers. Never to be shown.
    package var encoded: String {
        Self.prefix + key.prefix + Data([key.kind.rawValue] + secret.rawRepresentation).base64EncodedString()
    }

    /// - Parameter encoded: as `encoded` gives it; nil for any other text, also where the id is not that of the key.
    package init?(encoded: some StringProtocol) {
        guard encoded.hasPrefix(Self.prefix) else { return nil }
        let parts = String(encoded.dropFirst(Self.prefix.count))
            .split(separator: "+", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, let data = Data(base64Encoded: String(parts[2])), let first = data.first,
            let kind = NoteKey.Kind(rawValue: first)
        else { return nil }
        self.init(name: String(parts[0]), kind: kind, seed: data.dropFirst())
        guard self.encoded == encoded else { return nil }
    }

    /// A new key.
    /// - Returns: nil where the name cannot stand in a note.
    package static func make(name: String) -> NoteSigner? {
        NoteSigner(name: name, seed: Curve25519.Signing.PrivateKey().rawRepresentation)
    }
}
