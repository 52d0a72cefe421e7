import TestSupport
import Testing

@testable import Postgres
@testable import Secrets

/// One suite for the store in memory and for that in the database.
@Suite struct CameraVaultTests {
    enum Kind: CaseIterable { case memory, database }

    private let master = MasterKey.random()

    private func withStore(_ kind: Kind, _ body: @Sendable (any SecretStore, Pool?) async throws -> Void) async throws {
        switch kind {
        case .memory: try await body(InMemorySecretStore(), nil)
        case .database:
            try await TestCluster.shared.withDatabase { target in
                let pool = Pool(target, size: 4, logger: .silent)
                defer { pool.close() }
                try await body(PostgresSecretStore(pool: pool), pool)
            }
        }
    }

    private func vault(_ store: any SecretStore, _ keys: MasterKeyring? = nil) -> CameraVault {
        CameraVault(store: store, masterKeys: keys ?? MasterKeyring(master))
    }

    @Test(arguments: Kind.allCases)
    func whatIsKeptIsThereForEveryProcess(_ kind: Kind) async throws {
        try await withStore(kind) { store, _ in
            let one = vault(store)
            let ids = try await one.keep(
                [(.streamCredentials, "u:p"), (.securityConfig, #"{"a":1}"#)], of: 7)
            #expect(ids.count == 2)
            for vault in [one, vault(store)] {
                #expect(try await vault.text(ids[0], of: 7, for: .streamCredentials) == "u:p")
                #expect(try await vault.text(ids[1], of: 7, for: .securityConfig) == #"{"a":1}"#)
                await #expect(throws: CameraVault.Failure.unreadable) {
                    try await vault.text(ids[0], of: 7, for: .securityConfig)
                }
                await #expect(throws: CameraVault.Failure.unreadable) {
                    try await vault.text(ids[0], of: 8, for: .streamCredentials)
                }
            }
        }
    }

    @Test(arguments: Kind.allCases)
    func theSameTextHasTheSameID(_ kind: Kind) async throws {
        try await withStore(kind) { store, _ in
            let first = try await vault(store).keep([(.streamCredentials, "u:p")], of: 7)
            #expect(try await vault(store).keep([(.streamCredentials, "u:p")], of: 7) == first)
            #expect(try await vault(store).keep([(.streamCredentials, "u:q")], of: 7) != first)
            #expect(try await vault(store).keep([(.streamCredentials, "u:p")], of: 8) != first)
        }
    }

    @Test(arguments: Kind.allCases)
    func manyAtOnceMakeOneKey(_ kind: Kind) async throws {
        try await withStore(kind) { store, _ in
            let ids = try await withThrowingTaskGroup(of: [String].self) { group in
                for _ in 0..<20 {
                    group.addTask { try await vault(store).keep([(.streamCredentials, "u:p")], of: 7) }
                }
                return try await group.reduce(into: Set<[String]>()) { $0.insert($1) }
            }
            #expect(ids.count == 1)
        }
    }

    @Test(arguments: Kind.allCases)
    func sealedBytesOpenUnderTheirKeyOnly(_ kind: Kind) async throws {
        try await withStore(kind) { store, _ in
            let (keyID, sealed) = try await vault(store).seal([[1, 2, 3]], of: 7, for: .frameData)
            #expect(try await vault(store).open(sealed[0], of: 7, keyID: keyID, for: .frameData) == [1, 2, 3])
            await #expect(throws: CameraVault.Failure.unreadable) {
                try await vault(store).open(sealed[0], of: 7, keyID: "other", for: .frameData)
            }
            await #expect(throws: CameraVault.Failure.unreadable) {
                try await vault(store).open(sealed[0], of: 8, keyID: keyID, for: .frameData)
            }
        }
    }

    /// Moved in the database to another camera's row, a wrapped key or a secret opens nothing.
    @Test func rowsThatWereMovedOpenNothing() async throws {
        try await withStore(.database) { store, pool in
            let pool = try #require(pool)
            let id = try await vault(store).keep([(.streamCredentials, "u:p")], of: 7)[0]
            _ = try await vault(store).keep([(.streamCredentials, "u:p")], of: 8)
            try await pool.query(
                "insert into camera_secrets select 8, id, key_id, purpose, sealed from camera_secrets where camera_id = 7"
            )
            await #expect(throws: CameraVault.Failure.unreadable) {
                try await vault(store).text(id, of: 8, for: .streamCredentials)
            }
            try await pool.query(
                """
                update camera_keys set (key_id, wrapped) = (select key_id, wrapped from camera_keys where camera_id = 7)
                where camera_id = 8
                """)
            await #expect(throws: CameraVault.Failure.unreadable) {
                try await vault(store).text(id, of: 8, for: .streamCredentials)
            }
        }
    }

    @Test func aKeyUnderAnUnknownMasterKeyOpensNothing() async throws {
        try await withStore(.database) { store, pool in
            let id = try await vault(store).keep([(.streamCredentials, "u:p")], of: 7)[0]
            let stranger = MasterKeyring(MasterKey.random())
            await #expect(throws: CameraVault.Failure.unreadable) {
                try await vault(store, stranger).text(id, of: 7, for: .streamCredentials)
            }
            try await pool?.withConnection { connection in
                let error = await #expect(throws: MasterKeyError.self) {
                    try await KeyRotation.check(stranger, on: connection)
                }
                #expect(error.map { "\($0)" }?.contains(master.id) == true)
                try await KeyRotation.check(MasterKeyring(master), on: connection)
            }
        }
    }
}
