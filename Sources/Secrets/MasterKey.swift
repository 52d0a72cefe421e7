import Crypto
import Foundation

/// A key of 256 bits that wraps the keys of cameras, and that of requests. It stands in no table; its id does.
package struct MasterKey: Sendable {
    /// The first 16 hexadecimal digits of the key's SHA-256: says which key it is, and nothing about it.
    package let id: String
    private let key: SymmetricKey

    private init(_ bytes: some Sequence<UInt8>) {
        let bytes = Array(bytes)
        key = SymmetricKey(data: bytes)
        id = String(SHA256.hash(data: bytes).hexadecimal.prefix(16))
    }

    /// nil where the text is not 32 bytes in base64.
    package init?(base64 text: some StringProtocol) {
        guard let bytes = Data(base64Encoded: String(text)), bytes.count == 32 else { return nil }
        self.init(bytes)
    }

    package static func random() -> MasterKey {
        MasterKey(SymmetricKey(size: .bits256).withUnsafeBytes { Array($0) })
    }

    package var base64: String { key.withUnsafeBytes { Data($0) }.base64EncodedString() }

    /// Encrypts a camera's key for keeping.
    func wrap(_ key: DataKey) throws -> [UInt8] {
        try key.bytes { try sealed($0, authenticating: binding(key.cameraID, key.id)) }
    }

    /// - Throws: where the key was wrapped by another master key, for another camera or under another id.
    func unwrap(_ wrapped: [UInt8], of cameraID: Int64, id: String) throws -> DataKey {
        let bytes = try opened(wrapped, authenticating: binding(cameraID, id))
        return DataKey(id: id, cameraID: cameraID, key: SymmetricKey(data: bytes))
    }

    func sealed(_ bytes: some DataProtocol, authenticating binding: [UInt8]) throws -> [UInt8] {
        try AES.GCM.sealed(bytes, using: key, authenticating: binding)
    }

    func opened(_ sealed: [UInt8], authenticating binding: [UInt8]) throws -> [UInt8] {
        try AES.GCM.opened(sealed, using: key, authenticating: binding)
    }

    /// What the wrapped key is good for: it opens under the same words only.
    private func binding(_ cameraID: Int64, _ keyID: String) -> [UInt8] {
        Array("footfall/1 data_key camera=\(cameraID) key=\(keyID) master=\(id)".utf8)
    }
}

extension AES.GCM {
    /// Nonce (96 random bits), ciphertext and tag, one after another.
    static func sealed(
        _ bytes: some DataProtocol, using key: SymmetricKey, authenticating binding: [UInt8]
    ) throws -> [UInt8] {
        let box = try AES.GCM.seal(bytes, using: key, nonce: AES.GCM.Nonce(), authenticating: binding)
        return Array(box.nonce) + Array(box.ciphertext) + Array(box.tag)
    }

    static func opened(_ sealed: [UInt8], using key: SymmetricKey, authenticating binding: [UInt8]) throws -> [UInt8] {
        Array(try AES.GCM.open(AES.GCM.SealedBox(combined: sealed), using: key, authenticating: binding))
    }
}

extension Sequence<UInt8> {
    var hexadecimal: String {
        map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
