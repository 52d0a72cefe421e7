/// The id under which a secret is kept, encrypted, beside the log: the same secret of one camera has one id.
package struct SecretID: Hashable, Sendable {
    package let text: String

    package init(_ text: String) { self.text = text }
}

/// A secret of a camera, as a request gives it or as the camera's state holds it. Never shows itself in text.
package enum CameraSecret: Hashable, Sendable {
    /// As a request gives it, and as events of schema version 1 hold stream credentials. No command with one is decided.
    case clear(String)
    /// The mask in its place: what is there stays.
    case masked
    case kept(SecretID)

    /// Stands where a secret is not shown.
    package static let mask = "***"

    package var id: SecretID? {
        guard case .kept(let id) = self else { return nil }
        return id
    }

    package var clearText: String? {
        guard case .clear(let text) = self else { return nil }
        return text
    }
}

extension CameraSecret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { Self.mask }
    package var debugDescription: String { Self.mask }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
