import Postgres

/// The tables of Migrations/0005_secrets.sql.
package struct PostgresSecretStore: SecretStore {
    /// Notified when a camera's key was destroyed.
    package static let channel = "footfall_erasures"

    package let pool: Pool

    package init(pool: Pool) { self.pool = pool }

    package var history: Int64 { pool.history?.number ?? 0 }

    package func currentMasterKey(orFirst first: String) async throws -> String {
        try await pool.query("select current_master_key($1)", [.text(first)])[0].text(0)
    }

    package func key(of cameraID: Int64) async throws -> KeyState {
        try state(
            try await pool.query(
                "select key_id, master_key_id, wrapped from camera_keys where camera_id = $1", [.integer(cameraID)]),
            of: cameraID)
    }

    package func add(_ key: WrappedKey, keeping secrets: [SealedSecret]) async throws -> KeyState {
        let addition = Statement(
            "select key_id, master_key_id, wrapped from add_camera_key($1, $2, $3, $4)",
            [.integer(key.cameraID), .text(key.id), .text(key.masterKeyID), .bytea(key.wrapped)])
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
        let row = try await pool.query(
            "select purpose, sealed from camera_secrets where camera_id = $1 and id = $2",
            [.integer(cameraID), .text(id)]
        ).first
        guard let row, let purpose = Purpose(rawValue: try row.text(0)) else { return nil }
        return SealedSecret(id: id, purpose: purpose, sealed: try row.bytes(1))
    }

    package func requestKey() async throws -> WrappedRequestKey? {
        try await pool.query("select key_id, master_key_id, wrapped from request_key").first.map(Self.requestKey)
    }

    package func add(_ key: WrappedRequestKey) async throws -> WrappedRequestKey {
        do {
            let rows = try await pool.query(
                "select key_id, master_key_id, wrapped from add_request_key($1, $2, $3)",
                [.text(key.id), .text(key.masterKeyID), .bytea(key.wrapped)])
            return try Self.requestKey(rows[0])
        } catch let error as PostgresError where error.sqlState == SQLState.masterKeyReplaced {
            throw NotCurrent()
        }
    }

    static func requestKey(_ row: Row) throws -> WrappedRequestKey {
        WrappedRequestKey(id: try row.text(0), masterKeyID: try row.text(1), wrapped: try row.bytes(2))
    }

    /// One row where the secret is there afterwards. The key's row is locked meanwhile, so that whoever destroys it
    /// destroys this secret too.
    private static func keep(_ secret: SealedSecret, under key: String, of cameraID: Int64) -> Statement {
        Statement(
            """
            with held as (
              select camera_id, key_id from camera_keys where camera_id = $1 and key_id = $2 for share
            ),
            added as (
              insert into camera_secrets (camera_id, id, key_id, purpose, sealed)
              select camera_id, $3, key_id, $4, $5 from held
              on conflict (camera_id, id) do nothing
            )
            select from held
            """,
            [.integer(cameraID), .text(key), .text(secret.id), .text(secret.purpose.rawValue), .bytea(secret.sealed)])
    }

    private func state(_ rows: Rows, of cameraID: Int64) throws -> KeyState {
        guard let row = rows.first else { return .none }
        if row.isNull(0) { return .erased }
        return .key(
            WrappedKey(
                cameraID: cameraID, id: try row.text(0), masterKeyID: try row.text(1), wrapped: try row.bytes(2)))
    }
}
