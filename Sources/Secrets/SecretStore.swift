/// A camera's key as it is kept.
package struct WrappedKey: Hashable, Sendable {
    package let cameraID: Int64
    package let id: String
    package let masterKeyID: String
    package let wrapped: [UInt8]

    package init(cameraID: Int64, id: String, masterKeyID: String, wrapped: [UInt8]) {
        self.cameraID = cameraID
        self.id = id
        self.masterKeyID = masterKeyID
        self.wrapped = wrapped
    }
}

/// A secret as it is kept, under the name that events refer to it by.
package struct SealedSecret: Hashable, Sendable {
    package let id: String
    package let purpose: Purpose
    package let sealed: [UInt8]

    package init(id: String, purpose: Purpose, sealed: [UInt8]) {
        self.id = id
        self.purpose = purpose
        self.sealed = sealed
    }
}

/// What there is of a camera's key.
package enum KeyState: Hashable, Sendable {
    case none
    case key(WrappedKey)
    /// It was destroyed, and the camera gets no other.
    case erased
}

/// Keeps wrapped keys and sealed secrets. Implementations pass the same tests.
package protocol SecretStore: Sendable {
    /// The number of the store's history, which changes where it may have lost what it held: what is remembered of it
    /// holds for one of them.
    var history: Int64 { get }

    /// The id of the master key that wraps new keys; `first` from now on, where none has so far.
    func currentMasterKey(orFirst first: String) async throws -> String

    func key(of cameraID: Int64) async throws -> KeyState

    /// Adds a key, and secrets that are sealed under it, unless the camera has a key or was erased; what there is then.
    /// - Throws: `NotCurrent` where the key is wrapped by another master key than the current one.
    func add(_ key: WrappedKey, keeping secrets: [SealedSecret]) async throws -> KeyState

    /// Keeps secrets that are sealed under the key; false where the camera has it no more. One that is there already
    /// stays as it is.
    func keep(_ secrets: [SealedSecret], under key: String, of cameraID: Int64) async throws -> Bool

    func secret(_ id: String, of cameraID: Int64) async throws -> SealedSecret?

    /// nil where there is none yet.
    func requestKey() async throws -> WrappedRequestKey?

    /// Adds the key of requests unless there is one; the one there is then.
    /// - Throws: `NotCurrent` where the key is wrapped by another master key than the current one.
    func add(_ key: WrappedRequestKey) async throws -> WrappedRequestKey
}

package struct NotCurrent: Error {}

extension SecretStore {
    package var history: Int64 { 0 }
}

/// A store that lives as long as its process, for tests and trials.
package actor InMemorySecretStore: SecretStore {
    private var master: String?
    private var keys: [Int64: KeyState] = [:]
    private var secrets: [Int64: [String: SealedSecret]] = [:]
    private var keyOfRequests: WrappedRequestKey?

    package init() {}

    package func currentMasterKey(orFirst first: String) -> String {
        let current = master ?? first
        master = current
        return current
    }

    package func key(of cameraID: Int64) -> KeyState { keys[cameraID] ?? .none }

    package func add(_ key: WrappedKey, keeping secrets: [SealedSecret]) throws -> KeyState {
        guard key.masterKeyID == master else { throw NotCurrent() }
        if let present = keys[key.cameraID] { return present }
        keys[key.cameraID] = .key(key)
        put(secrets, of: key.cameraID)
        return .key(key)
    }

    package func keep(_ secrets: [SealedSecret], under key: String, of cameraID: Int64) -> Bool {
        guard case .key(let present) = keys[cameraID], present.id == key else { return false }
        put(secrets, of: cameraID)
        return true
    }

    package func secret(_ id: String, of cameraID: Int64) -> SealedSecret? { secrets[cameraID]?[id] }

    package func requestKey() -> WrappedRequestKey? { keyOfRequests }

    package func add(_ key: WrappedRequestKey) throws -> WrappedRequestKey {
        guard key.masterKeyID == master else { throw NotCurrent() }
        let kept = keyOfRequests ?? key
        keyOfRequests = kept
        return kept
    }

    private func put(_ added: [SealedSecret], of cameraID: Int64) {
        for secret in added where secrets[cameraID]?[secret.id] == nil {
            secrets[cameraID, default: [:]][secret.id] = secret
        }
    }
}
