import Postgres

/// The tables of Migrations/0005_secrets.sql.
package struct PostgresSecretStore: SecretStore {
    /// Notified when a camera's key was destroyed.
    package static let channel = "footfall_erasures"

    package let pool: Pool

    package init(pool: Pool) { self.pool = pool }

    package var history: Int64 { pool.history?.number ?? 0 }

    package func currentMasterKey(orFirst first: String) async throws -> String {
        try await pool.query(Self.current.statement(["first": .text(first)]))[0].text("id")
    }

    package func key(of cameraID: Int64) async throws -> KeyState {
        try state(
            try await pool.query(Self.cameraKey.statement(["camera": .integer(cameraID)])), of: cameraID)
    }

    package func add(_ key: WrappedKey, keeping secrets: [SealedSecret]) async throws -> KeyState {
        let addition = Self.addition.statement([
            "camera": .integer(key.cameraID), "key": .text(key.id), "master_key": .text(key.masterKeyID),
            "wrapped": .bytea(key.wrapped),
        ])
        let keeping = secrets.map { Self.keep($0, under: key.id, of: key.cameraID) }
        do {
            let results = try await pool.withConnection { try await $0.pipeline([addition] + keeping) }
            return try state(results[0], of: key.cameraID)
        } catch let error as PostgresError where error.sqlState == SQLState.masterKeyReplaced {
            throw NotCurrent()
        }
    }

    package func keep(_ secrets: [SealedSecret], under key: String, of cameraID: Int64) async throws -> Bool {
        let statements = secrets.map { Self.keep($0, under: key, of: cameraID) }
        let results = try await pool.withConnection { try await $0.pipeline(statements) }
        return results.allSatisfy { !$0.isEmpty }
    }

    package func secret(_ id: String, of cameraID: Int64) async throws -> SealedSecret? {
        let row = try await pool.query(Self.secret.statement(["camera": .integer(cameraID), "id": .text(id)])).first
        guard let row, let purpose = Purpose(rawValue: try row.text("purpose")) else { return nil }
        return SealedSecret(id: id, purpose: purpose, sealed: try row.bytes("sealed"))
    }

    package func requestKey() async throws -> WrappedRequestKey? {
        try await pool.query(Self.requestKeys.statement()).first.map(Self.requestKey)
    }

    package func add(_ key: WrappedRequestKey) async throws -> WrappedRequestKey {
        do {
            let rows = try await pool.query(
                Self.requestKeyAddition.statement([
                    "key": .text(key.id), "master_key": .text(key.masterKeyID), "wrapped": .bytea(key.wrapped),
                ]))
            return try Self.requestKey(rows[0])
        } catch let error as PostgresError where error.sqlState == SQLState.masterKeyReplaced {
            throw NotCurrent()
        }
    }

    static func requestKey(_ row: Row) throws -> WrappedRequestKey {
        WrappedRequestKey(
            id: try row.text("key_id"), masterKeyID: try row.text("master_key_id"), wrapped: try row.bytes("wrapped"))
    }

    /// One row where the secret is there afterwards. The key's row is locked meanwhile, so that anyone who destroys it
    /// destroys this secret too.
    private static func keep(_ secret: SealedSecret, under key: String, of cameraID: Int64) -> Statement {
        keeping.statement([
            "camera": .integer(cameraID), "key": .text(key), "id": .text(secret.id),
            "purpose": .text(secret.purpose.rawValue), "sealed": .bytea(secret.sealed),
        ])
    }

    private func state(_ rows: Rows, of cameraID: Int64) throws -> KeyState {
        guard let row = rows.first else { return .none }
        if try row.isNull("key_id") { return .erased }
        return .key(
            WrappedKey(
                cameraID: cameraID, id: try row.text("key_id"), masterKeyID: try row.text("master_key_id"),
                wrapped: try row.bytes("wrapped")))
    }
}

extension PostgresSecretStore {
    private static let key: KeyValuePairs<String, ColumnType> = [
        "key_id": .text, "master_key_id": .text, "wrapped": .bytes,
    ]

    private static let current = SQLQuery(
        "current_master_key", "select current_master_key(:first) as id", parameters: ["first": .text],
        columns: ["id": .text])

    private static let cameraKey = SQLQuery(
        "key_of_camera", "select key_id, master_key_id, wrapped from camera_keys where camera_id = :camera",
        parameters: ["camera": .integer], columns: key)

    private static let addition = SQLQuery(
        "add_camera_key",
        "select key_id, master_key_id, wrapped from add_camera_key(:camera, :key, :master_key, :wrapped)",
        parameters: ["camera": .integer, "key": .text, "master_key": .text, "wrapped": .bytea], columns: key)

    private static let keeping = SQLQuery(
        "keep_camera_secret",
        """
        with held as (
          select camera_id, key_id from camera_keys where camera_id = :camera and key_id = :key for share
        ),
        added as (
          insert into camera_secrets (camera_id, id, key_id, purpose, sealed)
          select camera_id, :id, key_id, :purpose, :sealed from held
          on conflict (camera_id, id) do nothing
        )
        select from held
        """, parameters: ["camera": .integer, "key": .text, "id": .text, "purpose": .text, "sealed": .bytea])

    private static let secret = SQLQuery(
        "camera_secret", "select purpose, sealed from camera_secrets where camera_id = :camera and id = :id",
        parameters: ["camera": .integer, "id": .text], columns: ["purpose": .text, "sealed": .bytes])

    private static let requestKeys = SQLQuery(
        "request_key", "select key_id, master_key_id, wrapped from request_key", columns: key)

    private static let requestKeyAddition = SQLQuery(
        "add_request_key", "select key_id, master_key_id, wrapped from add_request_key(:key, :master_key, :wrapped)",
        parameters: ["key": .text, "master_key": .text, "wrapped": .bytea], columns: key)

    /// All of the module, for tests.
    package static let queries =
        [current, cameraKey, addition, keeping, secret, requestKeys, requestKeyAddition, ErasureWatch.erasures]
        + KeyRotation.queries
}
