import Crypto
import Foundation
import TestSupport
import Testing

@testable import Postgres
@testable import Secrets

/// The key by which requests are told apart.
@Suite struct RequestKeyTests {
    private static let parts: [[UInt8]] = [Array("POST".utf8), Array("/cameras".utf8), Array("weak password".utf8)]

    private func withPool(_ body: @Sendable (Pool, Connection) async throws -> Void) async throws {
        try await TestCluster.shared.withDatabase { target in
            let pool = Pool(target, size: 4, logger: .silent)
            defer { pool.close() }
            let connection = try await Connection.open(target, logger: .silent)
            defer { connection.close() }
            try await body(pool, connection)
        }
    }

    private func fingerprint(_ store: any SecretStore, _ keys: MasterKeyring) async throws -> String {
        try await CameraVault(store: store, masterKeys: keys).requestKey().fingerprint(of: Self.parts)
    }

    @Test func partsAreToldApartWhereTheyEnd() {
        let key = RequestKey.random()
        #expect(key.fingerprint(of: [[1, 2], [3]]) == key.fingerprint(of: [[1, 2], [3]]))
        for other: [[UInt8]] in [[[1], [2, 3]], [[1, 2, 3]], [[1, 2], [3], []], [[1, 2], [4]]] {
            #expect(key.fingerprint(of: other) != key.fingerprint(of: [[1, 2], [3]]))
        }
    }

    @Test func allProcessesHaveOneKeyAndInstallationsTheirOwn() async throws {
        try await withPool { pool, connection in
            let keys = MasterKeyring(MasterKey.random())
            let fingerprints = try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<8 { group.addTask { try await fingerprint(PostgresSecretStore(pool: pool), keys) } }
                return try await group.reduce(into: Set<String>()) { $0.insert($1) }
            }
            #expect(fingerprints.count == 1)
            #expect(try await connection.query("select count(*) from request_key")[0].integer(0) == 1)
            let other = InMemorySecretStore()
            let elsewhere = try await fingerprint(other, keys)
            #expect(!fingerprints.contains(elsewhere))
            #expect(try await fingerprint(other, keys) == elsewhere)
        }
    }

    /// Keys in use outlive a rotation, in processes that knew the old master key and in those that do not.
    @Test func rotationChangesNoFingerprint() async throws {
        try await withPool { pool, connection in
            let store = PostgresSecretStore(pool: pool)
            let (old, new) = (MasterKey.random(), MasterKey.random())
            let before = try await fingerprint(store, MasterKeyring(old))
            let both = try MasterKeyring(text: "\(new.base64),\(old.base64)", file: nil, fallback: nil)
            let rotation = KeyRotation(on: connection, masterKeys: both)
            try await rotation.makeCurrent(new)
            // The old one is still needed.
            await #expect(throws: MasterKeyError.self) {
                try await KeyRotation.check(MasterKeyring(new), on: connection)
            }
            #expect(try await fingerprint(store, both) == before)
            _ = try await rotation.rewrap(under: new)
            try await KeyRotation.check(MasterKeyring(new), on: connection)
            #expect(try await fingerprint(store, MasterKeyring(new)) == before)
            await #expect(throws: CameraVault.Failure.unreadable) {
                try await fingerprint(store, MasterKeyring(old))
            }
        }
    }

    @Test func noKeyComesUnderAMasterKeyThatIsNotCurrent() async throws {
        try await withPool { pool, connection in
            let store = PostgresSecretStore(pool: pool)
            let (old, new) = (MasterKey.random(), MasterKey.random())
            let vault = CameraVault(store: store, masterKeys: MasterKeyring(old))
            _ = try await vault.keep([(.streamCredentials, "a")], of: 1)
            let both = try MasterKeyring(text: "\(new.base64),\(old.base64)", file: nil, fallback: nil)
            try await KeyRotation(on: connection, masterKeys: both).makeCurrent(new)
            await #expect(throws: CameraVault.Failure.unreadable) { try await vault.requestKey() }
            #expect(try await connection.query("select count(*) from request_key")[0].integer(0) == 0)
            _ = try await CameraVault(store: store, masterKeys: both).requestKey()
            #expect(try await connection.query("select master_key_id from request_key")[0].text(0) == new.id)
        }
    }
}
