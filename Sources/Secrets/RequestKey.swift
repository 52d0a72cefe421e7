import Crypto
import Foundation

/// The key by which requests are told apart that come under one `Idempotency-Key`. What is kept of a request is a code
/// under this key, which, unlike a plain hash, tells nobody who has only the database whether a guess at the body (at a
/// weak password in it, for instance) is right.
package struct RequestKey: Sendable {
    let id: String
    private let key: SymmetricKey

    init(id: String, key: SymmetricKey) {
        self.id = id
        self.key = key
    }

    static func random() -> RequestKey {
        RequestKey(
            id: SymmetricKey(size: .bits128).withUnsafeBytes { $0.hexadecimal }, key: SymmetricKey(size: .bits256))
    }

    func bytes<Value>(_ body: (Data) throws -> Value) rethrows -> Value {
        try key.withUnsafeBytes { try body(Data($0)) }
    }

    /// The same for the same parts and no others: HMAC-SHA256 (RFC 2104) over each part after its length.
    package func fingerprint(of parts: [[UInt8]]) -> String {
        var code = HMAC<SHA256>(key: key)
        for part in parts {
            withUnsafeBytes(of: UInt64(part.count).bigEndian) { code.update(data: $0) }
            code.update(data: part)
        }
        return Data(code.finalize()).hexadecimal
    }
}

/// The key as it is kept.
package struct WrappedRequestKey: Hashable, Sendable {
    package let id: String
    package let masterKeyID: String
    package let wrapped: [UInt8]

    package init(id: String, masterKeyID: String, wrapped: [UInt8]) {
        self.id = id
        self.masterKeyID = masterKeyID
        self.wrapped = wrapped
    }
}

extension MasterKey {
    func wrap(_ key: RequestKey) throws -> WrappedRequestKey {
        WrappedRequestKey(
            id: key.id, masterKeyID: id, wrapped: try key.bytes { try sealed($0, authenticating: binding(key.id)) })
    }

    /// - Throws: where the key was wrapped by another master key or under another id.
    func unwrap(_ key: WrappedRequestKey) throws -> RequestKey {
        let bytes = try opened(key.wrapped, authenticating: binding(key.id))
        return RequestKey(id: key.id, key: SymmetricKey(data: bytes))
    }

    private func binding(_ keyID: String) -> [UInt8] { Array("footfall/1 request_key key=\(keyID) master=\(id)".utf8) }
}

extension CameraVault {
    /// The key by which requests are told apart, made where there is none: the same for all processes on a database, also
    /// after the master key was rotated.
    package func requestKey() async throws -> RequestKey {
        try await rememberedRequestKey {
            if let kept = try await store.requestKey() { return try unwrapped(kept) }
            return try await underCurrentMasterKey { master in
                let made = RequestKey.random()
                let kept = try await store.add(try master.wrap(made))
                return try kept.id == made.id ? made : unwrapped(kept)
            }
        }
    }

    private func unwrapped(_ kept: WrappedRequestKey) throws(Failure) -> RequestKey {
        // The error says only that it fails.
        guard let master = masterKeys[kept.masterKeyID], let key = try? master.unwrap(kept) else { throw .unreadable }
        return key
    }
}
