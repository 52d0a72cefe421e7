import TestSupport
import Testing

@testable import Postgres
@testable import Secrets

@Suite struct KeyRotationTests {
    private func withDatabase(
        _ body: @Sendable (PostgresSecretStore, Connection) async throws -> Void
    ) async throws {
        try await TestCluster.shared.withDatabase { target in
            let pool = Pool(target, size: 4, logger: .silent)
            defer { pool.close() }
            let connection = try await Connection.open(target, logger: .silent)
            defer { connection.close() }
            try await body(PostgresSecretStore(pool: pool), connection)
        }
    }

    @Test func aRotationThatWasInterruptedGoesOn() async throws {
        try await withDatabase { store, connection in
            let (old, new) = (MasterKey.random(), MasterKey.random())
            let vault = CameraVault(store: store, masterKeys: MasterKeyring(old))
            var ids: [Int64: String] = [:]
            for camera in Int64(1)...520 {
                ids[camera] = try await vault.keep([(.streamCredentials, "u:\(camera)")], of: camera)[0]
            }
            let both = try MasterKeyring(text: "\(new.base64),\(old.base64)", file: nil, fallback: nil)
            let rotation = KeyRotation(on: connection, masterKeys: both)
            try await rotation.makeCurrent(new)
            await #expect(throws: CancellationError.self) {
                try await Task {
                    _ = try await rotation.rewrap(under: new) { _ in withUnsafeCurrentTask { $0?.cancel() } }
                }.value
            }
            #expect(try await rotation.pending(under: new.id) == 20)
            // In the midst of it every secret can be read by anyone who has both.
            let reader = CameraVault(store: store, masterKeys: both)
            for camera in [Int64(1), 520] {
                let text = try await reader.text(ids[camera] ?? "", of: camera, for: .streamCredentials)
                #expect(text == "u:\(camera)")
            }
            #expect(try await rotation.rewrap(under: new) == 20)
            #expect(try await rotation.rewrap(under: new) == 0)
            let alone = CameraVault(store: store, masterKeys: MasterKeyring(new))
            for (camera, id) in ids {
                #expect(try await alone.text(id, of: camera, for: .streamCredentials) == "u:\(camera)")
            }
            let late = CameraVault(store: store, masterKeys: MasterKeyring(old))
            await #expect(throws: CameraVault.Failure.unreadable) {
                try await late.text(ids[1] ?? "", of: 1, for: .streamCredentials)
            }
            let lines = try await KeyRotation.lines(on: connection)
            #expect(
                Set(lines) == [
                    KeyRotation.Line(id: old.id, isCurrent: false, cameras: 0, hasRequestKey: false),
                    KeyRotation.Line(id: new.id, isCurrent: true, cameras: 520, hasRequestKey: false),
                ])
        }
    }

    /// A process that does not know of the rotation wraps nothing under the old key once that is not current any more.
    @Test func noKeyComesUnderTheOldMasterKeyAfterwards() async throws {
        try await withDatabase { store, connection in
            let (old, new) = (MasterKey.random(), MasterKey.random())
            let ignorant = CameraVault(store: store, masterKeys: MasterKeyring(old))
            _ = try await ignorant.keep([(.streamCredentials, "a")], of: 1)
            let both = try MasterKeyring(text: "\(new.base64),\(old.base64)", file: nil, fallback: nil)
            let knowing = CameraVault(store: store, masterKeys: both)
            _ = try await knowing.keep([(.streamCredentials, "b")], of: 2)
            try await KeyRotation(on: connection, masterKeys: both).makeCurrent(new)
            await #expect(throws: CameraVault.Failure.unreadable) {
                try await ignorant.keep([(.streamCredentials, "c")], of: 3)
            }
            _ = try await knowing.keep([(.streamCredentials, "d")], of: 4)
            let masters = try await connection.query("select master_key_id from camera_keys order by camera_id")
            #expect(try masters.map { try $0.text(0) } == [old.id, old.id, new.id])
        }
    }

    @Test func anErasureIsSeenByOtherProcesses() async throws {
        try await TestCluster.shared.withDatabase { target in
            let pool = Pool(target, size: 2, logger: .silent)
            defer { pool.close() }
            let vault = CameraVault(
                store: PostgresSecretStore(pool: pool), masterKeys: MasterKeyring(MasterKey.random()))
            let (keyID, sealed) = try await vault.seal([[1]], of: 7, for: .frameData)
            let listener = Listener(target, channels: [PostgresSecretStore.channel], logger: .silent)
            let watch = ErasureWatch(vault: vault, pool: pool, listener: listener, logger: .silent)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await listener.run() }
                group.addTask { await watch.run() }
                #expect(try await vault.open(sealed[0], of: 7, keyID: keyID, for: .frameData) == [1])
                try await pool.query(
                    """
                    update camera_keys set key_id = null, master_key_id = null, wrapped = null, erased_by = 12
                    where camera_id = 7
                    """)
                try await pool.query("select pg_notify('footfall_erasures', '')")
                while (try? await vault.open(sealed[0], of: 7, keyID: keyID, for: .frameData)) != nil {
                    try Task.checkCancellation()
                    await Task.yield()
                }
                group.cancelAll()
            }
        }
    }
}
