import Logging
import Synchronization

/// Encrypts what cameras keep secret, each under a key of its own, and gives it back.
///
/// Keys are unwrapped once and kept in memory, at most `capacity` of them, until their camera is erased: so neither a
/// master key nor the database is asked each time. Where the store's history changes, as after a failover, all are
/// forgotten: a key of another history may be in no database.
package final class CameraVault: Sendable {
    package enum Failure: Error, Hashable {
        /// The camera's key was destroyed.
        case erased
        /// No key is there, or none of the master keys opens it, or what it should open was altered.
        case unreadable
    }

    private struct Known {
        /// Of the store, that the rest was read from.
        var history: Int64
        var keys: [Int64: DataKey] = [:]
        /// Counts erasures and changes of history, so that a key that was being read meanwhile is not kept.
        var erasures = 0
        /// The id of the master key that wraps new keys.
        var master: String?
        var requestKey: RequestKey?
    }

    let store: any SecretStore
    let masterKeys: MasterKeyring
    private let capacity: Int
    private let state: Mutex<Known>

    package init(store: any SecretStore, masterKeys: MasterKeyring, capacity: Int = 10_000) {
        self.store = store
        self.masterKeys = masterKeys
        self.capacity = capacity
        state = Mutex(Known(history: store.history))
    }

    /// What is known of the store's present history.
    private func withKnown<Value>(_ body: (inout Known) -> Value) -> Value {
        let history = store.history
        return state.withLock { known in
            if known.history < history { known = Known(history: history, erasures: known.erasures + 1) }
            return body(&known)
        }
    }

    /// A vault that lives as long as its process.
    package static func inMemory() -> CameraVault {
        CameraVault(store: InMemorySecretStore(), masterKeys: MasterKeyring(MasterKey.random()))
    }

    /// Keeps texts, and returns the ids under which they are kept: of the same text the same id.
    ///
    /// The camera gets its key with its first secret: one more trip to the database, else one for the secrets.
    /// - Parameter present: ids that are kept for certain; they cost nothing.
    package func keep(
        _ texts: [(purpose: Purpose, text: String)], of cameraID: Int64, present: Set<String> = []
    ) async throws -> [String] {
        let seal = { (key: DataKey) in
            try texts.map { purpose, text in
                SealedSecret(
                    id: key.name(of: text, for: purpose), purpose: purpose,
                    sealed: try key.seal(Array(text.utf8), for: purpose))
            }
        }
        if let key = try await key(of: cameraID) {
            let secrets = try seal(key)
            let missing = secrets.filter { !present.contains($0.id) }
            if missing.isEmpty { return secrets.map(\.id) }
            guard try await store.keep(missing, under: key.id, of: cameraID) else {
                forget(cameraID)
                throw Failure.erased
            }
            return secrets.map(\.id)
        }
        let (key, secrets) = try await make(for: cameraID, seal)
        if let secrets { return secrets.map(\.id) }
        let sealed = try seal(key)
        guard try await store.keep(sealed, under: key.id, of: cameraID) else { throw Failure.erased }
        return sealed.map(\.id)
    }

    /// The text that was kept under an id.
    package func text(_ id: String, of cameraID: Int64, for purpose: Purpose) async throws -> String {
        guard let key = try await key(of: cameraID), let secret = try await store.secret(id, of: cameraID),
            secret.purpose == purpose
        else { throw Failure.unreadable }
        return try open(secret, with: key)
    }

    /// The text of a secret that was read together with the camera's key.
    package func text(_ secret: SealedSecret, under wrapped: WrappedKey) throws(Failure) -> String {
        let cached = withKnown { $0.keys[wrapped.cameraID] }
        if let cached, cached.id == wrapped.id { return try open(secret, with: cached) }
        let erasures = withKnown { $0.erasures }
        let key = try unwrap(wrapped)
        cache(key, since: erasures)
        return try open(secret, with: key)
    }

    private func open(_ secret: SealedSecret, with key: DataKey) throws(Failure) -> String {
        do { return String(decoding: try key.open(secret.sealed, for: secret.purpose), as: UTF8.self) } catch {
            throw .unreadable
        }
    }

    /// Encrypts bytes under the camera's key, which is made where there is none; for what is kept in the log itself.
    package func seal(
        _ all: [[UInt8]], of cameraID: Int64, for purpose: Purpose
    ) async throws -> (keyID: String, sealed: [[UInt8]]) {
        let key =
            if let known = try await key(of: cameraID) { known } else {
                try await make(for: cameraID) { _ in [] }.key
            }
        return (key.id, try all.map { try key.seal($0, for: purpose) })
    }

    package func open(
        _ sealed: [UInt8], of cameraID: Int64, keyID: String, for purpose: Purpose
    ) async throws -> [UInt8] {
        guard let key = try await key(of: cameraID), key.id == keyID else { throw Failure.unreadable }
        do { return try key.open(sealed, for: purpose) } catch { throw Failure.unreadable }
    }

    /// Drops the camera's key from memory: it was destroyed.
    package func forget(_ cameraID: Int64) {
        withKnown { known in
            known.keys[cameraID] = nil
            known.erasures += 1
        }
    }

    /// nil where the camera has none yet.
    private func key(of cameraID: Int64) async throws -> DataKey? {
        let (cached, erasures) = withKnown { ($0.keys[cameraID], $0.erasures) }
        if let cached { return cached }
        switch try await store.key(of: cameraID) {
        case .none: return nil
        case .erased: throw Failure.erased
        case .key(let wrapped):
            let key = try unwrap(wrapped)
            cache(key, since: erasures)
            return key
        }
    }

    /// Makes the camera's key; where another process was first, it is that one's, and nothing is kept under it yet.
    private func make(
        for cameraID: Int64, _ seal: (DataKey) throws -> [SealedSecret]
    ) async throws -> (key: DataKey, kept: [SealedSecret]?) {
        try await underCurrentMasterKey { master in
            let erasures = withKnown { $0.erasures }
            let key = DataKey.random(for: cameraID)
            let secrets = try seal(key)
            let wrapped = WrappedKey(
                cameraID: cameraID, id: key.id, masterKeyID: master.id, wrapped: try master.wrap(key))
            switch try await store.add(wrapped, keeping: secrets) {
            case .key(let present) where present.id == key.id:
                cache(key, since: erasures)
                return (key, secrets)
            case .key(let present): return (try unwrap(present), nil)
            case .none, .erased: throw Failure.erased
            }
        }
    }

    /// Does what takes the master key that wraps new keys, and does it again where another one has become that meanwhile.
    func underCurrentMasterKey<Value>(_ body: (MasterKey) async throws -> Value) async throws -> Value {
        for _ in 0..<3 {
            let master = try await currentMasterKey()
            do { return try await body(master) } catch is NotCurrent { withKnown { $0.master = nil } }
        }
        throw Failure.unreadable
    }

    private func currentMasterKey() async throws -> MasterKey {
        let id: String
        if let known = withKnown({ $0.master }) {
            id = known
        } else {
            guard let first = masterKeys.all.first else { throw Failure.unreadable }
            id = try await store.currentMasterKey(orFirst: first.id)
            withKnown { $0.master = id }
        }
        guard let key = masterKeys[id] else { throw Failure.unreadable }
        return key
    }

    private func unwrap(_ wrapped: WrappedKey) throws(Failure) -> DataKey {
        guard let master = masterKeys[wrapped.masterKeyID],
            // The error says only that it fails.
            let key = try? master.unwrap(wrapped.wrapped, of: wrapped.cameraID, id: wrapped.id)
        else { throw .unreadable }
        return key
    }

    private func cache(_ key: DataKey, since erasures: Int) {
        withKnown { known in
            guard known.erasures == erasures else { return }
            if known.keys.count >= capacity { known.keys.removeAll(keepingCapacity: true) }
            known.keys[key.cameraID] = key
        }
    }

    /// Answers the request key that is remembered, else what `body` comes to, which is remembered.
    func rememberedRequestKey(_ body: () async throws -> RequestKey) async throws -> RequestKey {
        let (cached, erasures) = withKnown { ($0.requestKey, $0.erasures) }
        if let cached { return cached }
        let key = try await body()
        withKnown { if $0.erasures == erasures { $0.requestKey = key } }
        return key
    }
}
