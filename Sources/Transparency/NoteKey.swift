import Crypto
import Foundation

/// A public key that signatures under notes are checked by (c2sp.org/signed-note), Ed25519 (RFC 8032).
package struct NoteKey: Hashable, Sendable {
    /// What a signature says besides the text.
    package enum Kind: UInt8, Sendable {
        /// The text alone: the log's own.
        case signature = 1
        /// When it was made: a witness's (c2sp.org/tlog-cosignature).
        case cosignature = 4
    }

    package let name: String
    package let kind: Kind
    /// 32 bytes.
    package let publicKey: [UInt8]
    /// The first four bytes of the SHA-256 of name, kind and key.
    package let id: UInt32

    /// - Returns: nil where the name cannot stand in a note, or the key is none.
    package init?(name: String, kind: Kind = .signature, publicKey: some Sequence<UInt8>) {
        let publicKey = Array(publicKey)
        guard Self.isName(name), publicKey.count == 32,
            (try? Curve25519.Signing.PublicKey(rawRepresentation: publicKey)) != nil
        else { return nil }
        self.name = name
        self.kind = kind
        self.publicKey = publicKey
        let digest = SHA256.hash(data: Array(name.utf8) + [UInt8(ascii: "\n"), kind.rawValue] + publicKey)
        id = digest.prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
    }

    /// `name+id+base64`, as keys are handed on.
    package var encoded: String { prefix + Data([kind.rawValue] + publicKey).base64EncodedString() }

    /// `name+id+`.
    var prefix: String {
        let id = String(id, radix: 16)
        return name + "+" + String(repeating: "0", count: 8 - id.count) + id + "+"
    }

    /// - Parameter encoded: as `encoded` gives it; nil for any other text, also where the id is not that of the key.
    package init?(encoded: String) {
        let parts = encoded.split(separator: "+", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, let data = Data(base64Encoded: String(parts[2])), let first = data.first,
            let kind = Kind(rawValue: first)
        else { return nil }
        self.init(name: String(parts[0]), kind: kind, publicKey: data.dropFirst())
        guard self.encoded == encoded else { return nil }
    }

    /// Whether a key may be named so: there is something, and neither a space nor a plus nor a control character in it.
    package static func isName(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 256
            && text.unicodeScalars.allSatisfy {
                !$0.properties.isWhitespace && $0 != "+" && $0.properties.generalCategory != .control
            }
    }

    func verifies(_ signature: NoteSignature, of text: String) -> Bool {
        guard let key = try? Curve25519.Signing.PublicKey(rawRepresentation: publicKey) else { return false }
        switch kind {
        case .signature: return key.isValidSignature(signature.bytes, for: Data(text.utf8))
        case .cosignature:
            guard let time = signature.cosignedAt else { return false }
            return key.isValidSignature(
                signature.bytes.dropFirst(8), for: Data(NoteSignature.cosigned(text, at: time).utf8))
        }
    }
}

extension NoteSignature {
    /// When a cosignature says that it was made, in seconds since 1970; nil where it cannot be one.
    package var cosignedAt: UInt64? {
        guard bytes.count == 72 else { return nil }
        let time = bytes.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return time <= UInt64(Int64.max) ? time : nil
    }

    /// What a cosignature signs.
    static func cosigned(_ text: String, at time: UInt64) -> String { "cosignature/v1\ntime \(time)\n" + text }
}
