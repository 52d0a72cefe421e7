import Postgres

/// Which master keys the database's keys are under, and how they come under another.
package struct KeyRotation: Sendable {
    /// One row a master key that the database knows of.
    package struct Line: Hashable, Sendable {
        package let id: String
        /// Whether new keys are wrapped by it.
        package let isCurrent: Bool
        /// How many cameras' keys are wrapped by it.
        package let cameras: Int64
        /// Whether the key of requests is wrapped by it.
        package let hasRequestKey: Bool

        /// Whether the database cannot do without it.
        package var isNeeded: Bool { isCurrent || cameras > 0 || hasRequestKey }
    }

    private static let batchSize = 500

    private let connection: Connection
    private let masterKeys: MasterKeyring

    package init(on connection: Connection, masterKeys: MasterKeyring) {
        self.connection = connection
        self.masterKeys = masterKeys
    }

    package static func lines(on connection: Connection) async throws -> [Line] {
        try await connection.query(
            """
            select
              id, is_current, (select count(*) from camera_keys where master_key_id = id),
              exists (select from request_key where master_key_id = id)
            from master_keys
            order by added_at, id
            """
        ).map {
            Line(
                id: try $0.text(0), isCurrent: try $0.bool(1), cameras: try $0.integer(2),
                hasRequestKey: try $0.bool(3))
        }
    }

    /// How many cameras' keys were destroyed.
    package static func erased(on connection: Connection) async throws -> Int64 {
        try await connection.query("select count(*) from camera_keys where erased_by is not null")[0].integer(0)
    }

    /// - Throws: `MasterKeyError.unknown` where keys are wrapped by master keys that are not among those given.
    package static func check(_ masterKeys: MasterKeyring, on connection: Connection) async throws {
        let missing = try await lines(on: connection)
            .filter { $0.isNeeded && masterKeys[$0.id] == nil }
        guard missing.isEmpty else { throw MasterKeyError.unknown(ids: missing.map(\.id)) }
    }

    /// How many cameras' keys are not yet under the master key.
    package func pending(under id: String) async throws -> Int64 {
        try await connection.query(
            "select count(*) from camera_keys where master_key_id <> $1", [.text(id)])[0].integer(0)
    }

    /// Has new keys wrapped by this master key from now on, by every process; none under another comes after it.
    package func makeCurrent(_ key: MasterKey) async throws {
        try await connection.query("select make_master_key_current($1)", [.text(key.id)])
    }

    /// Wraps every key anew that is under another master key. Each batch is a transaction: whatever ends this, what is
    /// done stays done, each key is under the one or the other, and the next call goes on.
    /// - Parameter progress: told how many cameras' keys were done since the start.
    /// - Returns: how many cameras' keys were wrapped anew.
    package func rewrap(under master: MasterKey, progress: (Int) -> Void = { _ in }) async throws -> Int {
        try await rewrapRequestKey(under: master)
        var done = 0
        while true {
            try Task.checkCancellation()
            let count = try await connection.transaction {
                let rows = try await connection.query(
                    """
                    select camera_id, key_id, master_key_id, wrapped
                    from camera_keys
                    where master_key_id <> $1
                    order by camera_id
                    limit \(Self.batchSize)
                    for update
                    """, [.text(master.id)])
                var updates: [Statement] = []
                for row in rows {
                    let (cameraID, id) = (try row.integer(0), try row.text(1))
                    guard let old = masterKeys[try row.text(2)] else {
                        throw MasterKeyError.unknown(ids: [try row.text(2)])
                    }
                    let key = try old.unwrap(try row.bytes(3), of: cameraID, id: id)
                    updates.append(
                        Statement(
                            "update camera_keys set master_key_id = $2, wrapped = $3 where camera_id = $1",
                            [.integer(cameraID), .text(master.id), .bytea(try master.wrap(key))]))
                }
                _ = try await connection.pipeline(updates)
                return rows.count
            }
            if count == 0 { return done }
            done += count
            progress(done)
        }
    }

    private func rewrapRequestKey(under master: MasterKey) async throws {
        try await connection.transaction {
            let rows = try await connection.query(
                "select key_id, master_key_id, wrapped from request_key where master_key_id <> $1 for update",
                [.text(master.id)])
            guard let kept = try rows.first.map(PostgresSecretStore.requestKey) else { return }
            guard let old = masterKeys[kept.masterKeyID] else { throw MasterKeyError.unknown(ids: [kept.masterKeyID]) }
            let wrapped = try master.wrap(try old.unwrap(kept)).wrapped
            try await connection.query(
                "update request_key set master_key_id = $1, wrapped = $2", [.text(master.id), .bytea(wrapped)])
        }
    }

    /// Writes the tables anew, so that no file of theirs holds a key as it was wrapped before, or one that was
    /// destroyed. The write-ahead log and backups do, until they are gone.
    package static func clearRemains(on connection: Connection) async throws {
        // Whoever waits for the tables is not to wait for who reads them at length.
        try await connection.script("set lock_timeout = '2s'")
        do {
            try await connection.script("vacuum full camera_keys")
            try await connection.script("vacuum full camera_secrets")
            try await connection.script("vacuum full request_key")
        } catch {
            try? await connection.script("reset lock_timeout")  // the first error is the one that matters
            throw error
        }
        try await connection.script("reset lock_timeout")
    }
}
