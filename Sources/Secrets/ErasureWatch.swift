import Logging
import Postgres

/// Drops keys from memory that any process has destroyed.
package struct ErasureWatch: Sendable {
    private let vault: CameraVault
    private let pool: Pool
    private let listener: Listener
    private let logger: Logger

    /// - Parameter listener: listens on `PostgresSecretStore.channel`.
    package init(vault: CameraVault, pool: Pool, listener: Listener, logger: Logger) {
        self.vault = vault
        self.pool = pool
        self.listener = listener
        self.logger = logger
    }

    /// Looks at each signal until the task is cancelled. Erasures are numbered in the order in which they commit, since
    /// each is part of an append.
    package func run() async {
        var last: Int64?
        var history = vault.store.history
        for await _ in listener.signals(on: PostgresSecretStore.channel) {
            if history != vault.store.history {
                // The vault has forgotten what it knew of the other one.
                history = vault.store.history
                last = nil
            }
            do {
                for row in try await pool.query(Self.erasures, ["last": .integer(last)]) {
                    vault.forget(try row.integer("camera_id"))
                    last = try row.integer("erased_by")
                }
                if last == nil { last = 0 }
            } catch {
                logger.debug("cannot look for erasures", metadata: ["reason": "\(error)"])
            }
        }
    }

    /// After the last one that was seen, or the newest where none was.
    static let erasures = SQLQuery(
        "erasures",
        """
        select camera_id, erased_by
        from camera_keys
        where erased_by > coalesce(:last, (select max(erased_by) from camera_keys) - 1)
        order by erased_by
        """, parameters: ["last": .integer], columns: ["camera_id": .integer, "erased_by": .integer])
}
