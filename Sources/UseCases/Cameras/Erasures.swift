import Counting
import EventSourcing
import Logging
import Postgres
import Secrets

/// Destroys the keys of removed cameras. What counts happens in the database: the event `CameraErased` and the end of
/// the key are one transaction.
struct Erasures: Sendable {
    let log: any EventLog
    let vault: CameraVault
    let pool: Pool

    /// Records the erasure of a camera that was removed before. Its stream is closed, so the event has one of its own.
    /// - Returns: the event's position, also where there was one already.
    func record(_ id: CameraID, _ metadata: EventMetadata) async throws -> Int64 {
        var recorded: Int64?
        try await log.scan(id.stream) { event in
            if event.type == Camera.erasureType { recorded = event.position }
            return true
        }
        if let recorded { return recorded }
        let outcome = try await log.append(
            Append(
                to: id.erasureStream, expecting: .noStream, events: [Camera.encode(.erased(id))], metadata: metadata))
        if case .appended(let appended) = outcome { return appended.positions.lowerBound }
        guard let event = try await log.read(id.erasureStream, after: 0, limit: 1).first else {
            throw UnexpectedOutcome(outcome)
        }
        return event.position
    }

    /// Leaves as little of the destroyed key as can be: none in memory, and none in the tables' files.
    func clear(_ id: CameraID, _ logger: Logger) async {
        vault.forget(id.number)
        do {
            try await pool.withConnection { try await KeyRotation.clearRemains(on: $0) }
        } catch {
            logger.warning(
                "the tables of destroyed keys were not written again; the next erasure does it",
                metadata: ["camera": "\(id)", "reason": "\(error)"])
        }
    }
}
