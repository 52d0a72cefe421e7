import Access
import Counting
import EventSourcing
import Logging
import Postgres
import Resilience
import UseCases

/// Keeps a process's revocations those of the log, whichever process wrote them: at once where the database notifies,
/// else within the listener's poll interval of a second.
package struct RevocationWatch: Sendable {
    private let revocations: Revocations
    private let log: any EventLog
    private let pool: Pool
    private let listener: Listener
    private let logger: Logger

    /// - Parameter listener: listens on `TokenRevocation.channel`.
    package init(
        _ revocations: Revocations, log: any EventLog, pool: Pool, listener: Listener, logger: Logger
    ) {
        self.revocations = revocations
        self.log = log
        self.pool = pool
        self.listener = listener
        self.logger = logger
    }

    static let version = SQLQuery(
        "version_of_stream", "select version from streams where name = :stream", parameters: ["stream": .text],
        columns: ["version": .integer])

    /// Looks at each signal until the task is cancelled.
    package func run() async {
        var read: (version: Int64, history: HistoryToken)?
        for await _ in listener.signals(on: TokenRevocation.channel) {
            do {
                let history = log.history
                let row = try await pool.query(
                    Self.version, ["stream": .text(TokensRevoked.stream.rawValue)]
                ).first
                let version = try row?.integer("version") ?? 0
                if let read, read == (version, history) { continue }
                let events = try await log.readAll(TokensRevoked.stream)
                revocations.replace(by: try events.map { Revocations.Revocation(try TokensRevoked($0)) })
                read = (events.last?.version ?? 0, history)
            } catch {
                if FailureNotices.shared.isDue("revoked tokens cannot be read") {
                    logger.warning("revoked tokens cannot be read", metadata: ["reason": "\(error)"])
                }
            }
        }
    }
}
