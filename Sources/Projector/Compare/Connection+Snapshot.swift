import Postgres

extension Connection {
    /// Runs `body` in one snapshot of the database, and undoes what it did.
    ///
    /// No partition is archived or brought back meanwhile: that is seen to before the snapshot is taken, which would else
    /// be older than the partitions that it meets.
    func inSnapshot<Value>(_ body: () async throws -> Value) async throws -> Value {
        try await query("select pg_advisory_lock_shared(archive_lock())")
        let result: Result<Value, any Error>
        do {
            try await query("begin isolation level repeatable read")
            result = .success(try await body())
        } catch { result = .failure(error) }
        if isOpen {
            try await query("rollback")
            try await query("select pg_advisory_unlock_shared(archive_lock())")
        }
        return try result.get()
    }
}
