import Counting
import EventSourcing
import Logging
import Postgres

/// Ends tokens before they expire: recorded in the log, from which every process reads it within a second.
package struct TokenRevocation: Sendable {
    /// Notified when tokens were revoked.
    package static let channel = "footfall_revocations"

    private let log: any EventLog
    private let pool: Pool

    package init(log: any EventLog, pool: Pool) {
        self.log = log
        self.pool = pool
    }

    /// - Returns: the position at which it is recorded.
    package func revoke(
        _ revoked: TokensRevoked, metadata: EventMetadata, _ logger: Logger
    ) async throws -> Int64 {
        let outcome = try await log.append(
            Append(to: TokensRevoked.stream, events: [revoked.event], metadata: metadata))
        guard case .appended(let appended) = outcome else { throw UnexpectedOutcome(outcome) }
        do { _ = try await pool.query(Notification(channel: Self.channel).sending) } catch {
            // Others look by themselves within a second.
            logger.debug("a revocation is not notified", metadata: ["reason": "\(error)"])
        }
        return appended.positions.upperBound
    }
}
