import EventSourcing
import Logging
import Postgres
import Resilience

/// Seals segments of the log as soon as all their positions are there.
///
/// Of all the processes that run it, one seals at a time: the one whose session holds the lock. What was sealed is
/// never changed, so nothing is lost where it is interrupted. Memory is bounded by two pages of events and the digests
/// of one segment.
package struct Sealer: Sendable {
    package enum Failure: Error, Equatable, CustomStringConvertible {
        /// Positions are gapless and in order of commit; so somebody took the event away.
        case missing(position: Int64)

        package var description: String {
            switch self {
            case .missing(let position): "the event at position \(position) is missing; run footfallctl verify"
            }
        }
    }

    private let target: ConnectionTarget
    private let logger: Logger

    package init(on target: ConnectionTarget, logger: Logger) {
        self.target = target.named("footfall sealer", requestTimeout: nil)
        self.logger = logger
    }

    /// Seals whenever something was appended, until the task is cancelled or the listener stops.
    /// - Parameter listener: must listen to `eventsChannel`.
    package func run(listener: Listener) async {
        await Backoff.retrying(longest: .seconds(30)) {
            let connection = try await Connection.open(target, logger: logger)
            defer { connection.close() }
            var isLocked = false
            for await _ in listener.signals(on: eventsChannel) {
                if !isLocked { isLocked = try await LogLock.sealing.take(on: connection) }
                if isLocked { _ = try await sealAll(on: connection) }
            }
            // The listener has stopped.
            throw CancellationError()
        } onError: {
            guard FailureNotices.shared.isDue("\($0)") else { return }
            logger.error("sealing failed; will try again", metadata: ["reason": "\($0)"])
        }
    }

    /// Seals what can be sealed now; does nothing while another session seals.
    /// - Returns: how many segments were sealed.
    @discardableResult
    package func sealAll() async throws -> Int {
        let connection = try await Connection.open(target, logger: logger)
        defer { connection.close() }
        guard try await LogLock.sealing.take(on: connection) else { return 0 }
        let sealed = try await sealAll(on: connection)
        try await LogLock.sealing.release(on: connection)
        return sealed
    }

    private func sealAll(on connection: Connection) async throws -> Int {
        var sealed = 0
        while try await sealNext(on: connection) { sealed += 1 }
        return sealed
    }

    /// False where the next segment is not full yet.
    private func sealNext(on connection: Connection) async throws -> Bool {
        let row = try await connection.query(Self.latest)[0]
        let (head, size) = (try row.integer("position"), try row.integer("segment_size"))
        let number = (try row.optionalInteger("segment") ?? 0) + 1
        let first = (try row.optionalInteger("last_position") ?? 0) + 1
        // A segment ends at a multiple of the size, also where the size was changed since the one before.
        let last = ((first - 1) / size + 1) * size
        guard last <= head else { return false }
        let previousHash = try row.optionalBytes("hash") ?? SegmentHasher.origin

        var hasher = SegmentHasher(segment: number, first: first, last: last, previousHash: previousHash)
        var expected = first
        var recordedAt: (first: Int64, last: Int64)?
        try await StoredEvents(connection: connection).forEach(in: first...last) { event in
            guard event.position == expected else { throw Failure.missing(position: expected) }
            hasher.add(event)
            expected += 1
            recordedAt = (recordedAt?.first ?? event.recordedAt.microseconds, event.recordedAt.microseconds)
        }
        guard expected == last + 1 else { throw Failure.missing(position: expected) }
        try await connection.query(
            Self.sealing,
            [
                "segment": .integer(number), "first_position": .integer(first), "last_position": .integer(last),
                "first_recorded_at": .timestamp(recordedAt?.first), "last_recorded_at": .timestamp(recordedAt?.last),
                "previous_hash": .bytea(previousHash), "hash": .bytea(hasher.finalize()),
                "digests": .bytea(hasher.digests),
            ])
        logger.debug("sealed", metadata: ["segment": "\(number)", "last_position": "\(last)"])
        return true
    }

    /// The last segment, where there is one, and how far the next one may reach.
    private static let latest = SQLQuery(
        "latest_segment",
        """
        select log_head.position, log_head.segment_size, latest.segment, latest.last_position, latest.hash
        from log_head
        left join lateral (
          select segment, last_position, hash from segments order by segment desc limit 1
        ) as latest on true
        """,
        columns: [
            "position": .integer, "segment_size": .integer, "segment": .integer, "last_position": .integer,
            "hash": .bytes,
        ])

    private static let sealing = SQLQuery(
        "seal_segment",
        """
        insert into segments (
          segment, first_position, last_position, first_recorded_at, last_recorded_at, previous_hash, hash, digests
        )
        values (
          :segment, :first_position, :last_position, :first_recorded_at, :last_recorded_at, :previous_hash, :hash,
          :digests
        )
        """,
        parameters: [
            "segment": .integer, "first_position": .integer, "last_position": .integer,
            "first_recorded_at": .timestamp, "last_recorded_at": .timestamp, "previous_hash": .bytea, "hash": .bytea,
            "digests": .bytea,
        ])

    static let queries = [latest, sealing]
}
