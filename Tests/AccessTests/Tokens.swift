import Access
import Crypto
import EventSourcing
import Foundation
import Logging
import Synchronization

@testable import Access

/// Makes tokens, right ones and others.
enum Tokens {
    static let now = Timestamp(rfc3339: "2026-03-29T12:00:00Z") ?? Timestamp(microseconds: 0)
    static let seconds = now.microseconds / 1_000_000
    static let secretText = "a secret of more than thirty-two bytes"

    static func secret() throws -> TokenSecret {
        guard let secret = TokenSecret(secretText) else { throw Missing() }
        return secret
    }

    struct Missing: Error {}

    static let header: JSON = ["alg": "HS256", "typ": "JWT"]

    static func claims(_ changes: KeyValuePairs<String, JSON?> = [:]) -> JSON {
        var claims: JSONObject = ["sub": "ana", "roles": ["viewer"], "exp": .integer(seconds + 60)]
        for (name, value) in changes { claims[name] = value }
        return .object(claims)
    }

    /// A token signed by HMAC with a key of any bytes, as somebody would who has only those.
    static func hmac(
        _ header: String, _ claims: String, key: some DataProtocol = Data(secretText.utf8)
    ) -> String {
        let signed = "\(Base64URL.encode(header.utf8)).\(Base64URL.encode(claims.utf8))"
        let code = HMAC<SHA256>.authenticationCode(for: Data(signed.utf8), using: SymmetricKey(data: Data(key)))
        return "\(signed).\(Base64URL.encode(code))"
    }

    static func hmac(header: JSON = header, _ claims: JSON = claims()) -> String { hmac(header.text, claims.text) }

    static func ed25519(_ key: Curve25519.Signing.PrivateKey, header: JSON, _ claims: JSON = claims()) throws -> String
    {
        let signed = "\(Base64URL.encode(header.bytes)).\(Base64URL.encode(claims.bytes))"
        return "\(signed).\(Base64URL.encode(try key.signature(for: Data(signed.utf8))))"
    }

    static func es256(_ key: P256.Signing.PrivateKey, header: JSON, _ claims: JSON = claims()) throws -> String {
        let signed = "\(Base64URL.encode(header.bytes)).\(Base64URL.encode(claims.bytes))"
        return "\(signed).\(Base64URL.encode(try key.signature(for: Data(signed.utf8)).rawRepresentation))"
    }

    static func jwk(_ key: Curve25519.Signing.PublicKey, id: String?, _ more: KeyValuePairs<String, JSON> = [:]) -> JSON
    {
        var members: JSONObject = [
            "kty": "OKP", "crv": "Ed25519", "x": .string(Base64URL.encode(key.rawRepresentation)),
        ]
        members["kid"] = id.map(JSON.string)
        for (name, value) in more { members[name] = value }
        return .object(members)
    }

    static func jwk(_ key: P256.Signing.PublicKey, id: String?) -> JSON {
        let point = key.rawRepresentation
        var members: JSONObject = [
            "kty": "EC", "crv": "P-256", "x": .string(Base64URL.encode(point.prefix(32))),
            "y": .string(Base64URL.encode(point.suffix(32))),
        ]
        members["kid"] = id.map(JSON.string)
        return .object(members)
    }

    static func set(_ keys: JSON...) -> [UInt8] { JSON.object(["keys": .array(keys)]).bytes }
}

/// Shows the time that a test sets.
final class SetClock: Sendable {
    private let instant = Mutex(Tokens.now)

    var now: Timestamp { instant.withLock(\.self) }
    func advance(by duration: Duration) { instant.withLock { $0 = $0 + duration } }
}

/// Gives what a test says, and counts how often it was asked.
final class Shelf<Value: Sendable>: Sendable {
    private let state: Mutex<(value: Result<Value, any Error>, count: Int)>

    init(_ value: Value) { state = Mutex((.success(value), 0)) }

    var count: Int { state.withLock(\.count) }
    func put(_ value: Result<Value, any Error>) { state.withLock { $0.value = value } }

    func take() throws -> Value {
        try state.withLock { state in
            state.count += 1
            return state.value
        }.get()
    }
}

extension Logger {
    static let silent = Logger(label: "silent") { _ in SwiftLogNoOpLogHandler() }
}
