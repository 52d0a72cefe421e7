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
              id, is_current, (select count(*) from camera_keys where master_key_id = id) as cameras,
              exists (select from request_key where master_key_id = id) as has_request_key
            from master_keys
            order by added_at, id
            """
        ).map {
            Line(
                id: try $0.text("id"), isCurrent: try $0.bool("is_current"), cameras: try $0.integer("cameras"),
                hasRequestKey: try $0.bool("has_request_key"))
        }
    }

    /// How many cameras' keys were destroyed.
    package static func erased(on connection: Connection) async throws -> Int64 {
        try await connection.query("select count(*) from camera_keys where erased_by is not null")[0].integer("count")
    }

    /// - Throws: `MasterKeyError.unknown` where keys are wrapped by master keys that are not among those given.
    package static func check(_ masterKeys: MasterKeyring, on connection: Connection) async throws {
        let missing = try await lines(on: connection)
            .filter { $0.isNeeded && masterKeys[$0.id] == nil }
        guard missing.isEmpty else { throw MasterKeyError.unknown(ids: missing.map(\.id)) }
    }

    /// How many cameras' keys are not yet under the master key.
    package func pending(under id: String) async throws -> Int64 {
        try await connection.query(Self.counting, ["master_key": .text(id)])[0].integer("count")
    }

    /// Has new keys wrapped by this master key from now on, by every process; none under another comes after it.
    package func makeCurrent(_ key: MasterKey) async throws {
        try await connection.query(Self.replacement, ["master_key": .text(key.id)])
    }

    /// Wraps every key again that is under another master key. Each batch is a transaction: whatever ends this, what is
    /// done stays done, each key is under the one or the other, and the next call goes on.
    /// - Parameter progress: told how many cameras' keys were done since the start.
    /// - Returns: how many cameras' keys were wrapped again.
    package func rewrap(under master: MasterKey, progress: (Int) -> Void = { _ in }) async throws -> Int {
        try await rewrapRequestKey(under: master)
        var done = 0
        while true {
            try Task.checkCancellation()
            let count = try await connection.transaction {
                let rows = try await connection.query(Self.batch, ["master_key": .text(master.id)])
                var updates: [Statement] = []
                for row in rows {
                    let cameraID = try row.integer("camera_id")
                    guard let old = masterKeys[try row.text("master_key_id")] else {
                        throw MasterKeyError.unknown(ids: [try row.text("master_key_id")])
                    }
                    let key = try old.unwrap(try row.bytes("wrapped"), of: cameraID, id: try row.text("key_id"))
                    updates.append(
                        Self.update.statement([
                            "camera": .integer(cameraID), "master_key": .text(master.id),
                            "wrapped": .bytea(try master.wrap(key)),
                        ]))
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
            let rows = try await connection.query(Self.requestKey, ["master_key": .text(master.id)])
            guard let kept = try rows.first.map(PostgresSecretStore.requestKey) else { return }
            guard let old = masterKeys[kept.masterKeyID] else { throw MasterKeyError.unknown(ids: [kept.masterKeyID]) }
            let wrapped = try master.wrap(try old.unwrap(kept)).wrapped
            try await connection.query(
                Self.requestKeyUpdate, ["master_key": .text(master.id), "wrapped": .bytea(wrapped)])
        }
    }

    /// Writes the tables again, so that no file of theirs holds a key as it was wrapped before, or one that was
    /// destroyed. The write-ahead log and backups do, until they are gone.
    package static func clearRemains(on connection: Connection) async throws {
        // Anyone who waits for the tables is not to wait for who reads them at length.
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

extension KeyRotation {
    private static let counting = SQLQuery(
        "count_keys_under_others", "select count(*) from camera_keys where master_key_id <> :master_key",
        parameters: ["master_key": .text], columns: ["count": .integer])

    private static let replacement = SQLQuery(
        "make_master_key_current", "select make_master_key_current(:master_key)", parameters: ["master_key": .text])

    private static let batch = SQLQuery(
        "keys_to_rewrap",
        """
        select camera_id, key_id, master_key_id, wrapped
        from camera_keys
        where master_key_id <> :master_key
        order by camera_id
        limit \(batchSize)
        for update
        """, parameters: ["master_key": .text],
        columns: ["camera_id": .integer, "key_id": .text, "master_key_id": .text, "wrapped": .bytes])

    private static let update = SQLQuery(
        "rewrap_key",
        "update camera_keys set master_key_id = :master_key, wrapped = :wrapped where camera_id = :camera",
        parameters: ["camera": .integer, "master_key": .text, "wrapped": .bytea])

    private static let requestKey = SQLQuery(
        "request_key_to_rewrap",
        "select key_id, master_key_id, wrapped from request_key where master_key_id <> :master_key for update",
        parameters: ["master_key": .text], columns: ["key_id": .text, "master_key_id": .text, "wrapped": .bytes])

    private static let requestKeyUpdate = SQLQuery(
        "rewrap_request_key", "update request_key set master_key_id = :master_key, wrapped = :wrapped",
        parameters: ["master_key": .text, "wrapped": .bytea])

    static let queries = [counting, replacement, batch, update, requestKey, requestKeyUpdate]
}
