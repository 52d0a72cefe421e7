import Crypto
import Foundation

/// What a camera's key protects. The stored names are part of every ciphertext and never change.
package enum Purpose: String, CaseIterable, Sendable {
    /// `user:password` of the stream's URL.
    case streamCredentials = "stream_credentials"
    /// The path and query of the stream's URL.
    case streamPath = "stream_path"
    /// What the stream is opened with besides.
    case securityConfig = "security_config"
    /// What a worker keeps about the picture of a reading.
    case frameData = "frame_data"
}

/// The key of one camera, unwrapped. Each purpose has keys of its own, derived by HKDF (RFC 5869, SHA-256).
package struct DataKey: Sendable {
    package let id: String
    package let cameraID: Int64
    private let key: SymmetricKey

    init(id: String, cameraID: Int64, key: SymmetricKey) {
        self.id = id
        self.cameraID = cameraID
        self.key = key
    }

    /// A new key for a camera, with an id of its own.
    static func random(for cameraID: Int64) -> DataKey {
        let id = SymmetricKey(size: .bits128).withUnsafeBytes { $0.hexadecimal }
        return DataKey(id: id, cameraID: cameraID, key: SymmetricKey(size: .bits256))
    }

    func bytes<Value>(_ body: (Data) throws -> Value) rethrows -> Value {
        try key.withUnsafeBytes { try body(Data($0)) }
    }

    /// The name of a secret: the same for the same text of the same camera and purpose, so that anyone who compares
    /// names knows whether something has changed. Without the key it says nothing about the text, however simple that
    /// is.
    func name(of text: String, for purpose: Purpose) -> String {
        let code = HMAC<SHA256>.authenticationCode(for: Data(text.utf8), using: derived("name", purpose))
        return code.prefix(16).hexadecimal
    }

    func seal(_ bytes: [UInt8], for purpose: Purpose) throws -> [UInt8] {
        try AES.GCM.sealed(bytes, using: derived("seal", purpose), authenticating: binding(purpose))
    }

    /// - Throws: where it was sealed for another camera or purpose or under another key, or was altered.
    func open(_ sealed: [UInt8], for purpose: Purpose) throws -> [UInt8] {
        try AES.GCM.opened(sealed, using: derived("seal", purpose), authenticating: binding(purpose))
    }

    private func derived(_ use: String, _ purpose: Purpose) -> SymmetricKey {
        HKDF<SHA256>.deriveKey(
            inputKeyMaterial: key, info: Data("footfall/1 \(use) \(purpose.rawValue)".utf8), outputByteCount: 32)
    }

    private func binding(_ purpose: Purpose) -> [UInt8] {
        Array("footfall/1 \(purpose.rawValue) camera=\(cameraID) key=\(id)".utf8)
    }
}
