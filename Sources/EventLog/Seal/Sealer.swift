import EventSourcing
import Logging
import Postgres
import Resilience
import Transparency

/// Seals events in the tree soon after they are committed, and segments as soon as all their positions are there.
///
/// Of all the processes that run it, one seals at a time: the one whose session holds the lock. What was sealed is
/// never changed, so nothing is lost where it is interrupted. Memory is bounded by two pages of events and the hashes
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
    private let signers: [NoteSigner]
    private let pause: Duration
    private let logger: Logger

    /// - Parameters:
    ///   - signers: sign checkpoints, all in one name, the log's origin; none where no key is at hand.
    ///   - delay: how long an event may wait for its seal, beside the time that sealing takes.
    package init(
        on target: ConnectionTarget, signers: [NoteSigner] = [], delay: Duration = .zero, logger: Logger
    ) {
        self.target = target.named("footfall sealer", requestTimeout: nil)
        self.signers = signers
        pause = delay
        self.logger = logger
    }

    /// Seals whenever something was appended, until the task is cancelled or the listener stops.
    /// - Parameter listener: must listen to `eventsChannel`.
    package func run(listener: Listener) async {
        await Backoff.retrying(longest: .seconds(30)) {
            let connection = try await Connection.open(target, logger: logger)
            defer { connection.close() }
            var isLocked = false
            var tree = TreeSealer(signers: signers)
            for await _ in listener.signals(on: eventsChannel) {
                if !isLocked { isLocked = try await LogLock.sealing.take(on: connection) }
                guard isLocked, try await sealAll(&tree, on: connection) > 0 else { continue }
                // What is appended meanwhile is sealed with one seal.
                try await Task.sleep(for: pause)
            }
            // The listener has stopped.
            throw CancellationError()
        } onError: {
            guard FailureNotices.shared.isDue("\($0)") else { return }
            logger.error("sealing failed; will try again", metadata: ["reason": "\($0)"])
        }
    }

    /// Seals what can be sealed now; does nothing while another session seals.
    /// - Returns: how many events were sealed.
    @discardableResult
    package func sealAll() async throws -> Int64 {
        let connection = try await Connection.open(target, logger: logger)
        defer { connection.close() }
        guard try await LogLock.sealing.take(on: connection) else { return 0 }
        var tree = TreeSealer(signers: signers)
        let sealed = try await sealAll(&tree, on: connection)
        try await LogLock.sealing.release(on: connection)
        return sealed
    }

    private func sealAll(_ tree: inout TreeSealer, on connection: Connection) async throws -> Int64 {
        let sealed = try await tree.seal(on: connection)
        while try await sealSegment(on: connection) {}
        return sealed
    }

    /// False where the next segment is not full yet.
    private func sealSegment(on connection: Connection) async throws -> Bool {
        let row = try await connection.query(Self.latest)[0]
        let (head, size) = (try row.integer("sealed_to"), try row.integer("segment_size"))
        let number = (try row.optionalInteger("segment") ?? 0) + 1
        let first = (try row.optionalInteger("last_position") ?? 0) + 1
        // A segment ends at a multiple of the size, also where the size was changed since the one before.
        let last = ((first - 1) / size + 1) * size
        guard last <= head else { return false }
        let previousHash = try row.optionalBytes("hash") ?? SegmentHasher.origin

        var hasher = SegmentHasher(segment: number, first: first, last: last, previousHash: previousHash)
        let leaves = try await LogTree(on: connection).leaves(at: first...last)
        guard leaves.count == Int(last - first) + 1 else { throw TreeSealer.Failure.altered(size: last) }
        for leaf in leaves { hasher.add(leaf) }
        let rows = try await connection.query(
            Self.sealing,
            [
                "segment": .integer(number), "first_position": .integer(first), "last_position": .integer(last),
                "previous_hash": .bytea(previousHash), "hash": .bytea(hasher.finalize()),
            ])
        guard !rows.isEmpty else { throw Failure.missing(position: first) }
        logger.debug("sealed", metadata: ["segment": "\(number)", "last_position": "\(last)"])
        return true
    }

    /// The last segment, where there is one, and how far the next one may reach.
    private static let latest = SQLQuery(
        "latest_segment",
        """
        select
          (select coalesce(max(size), 0) from seals) as sealed_to, log_head.segment_size, latest.segment,
          latest.last_position, latest.hash
        from log_head
        left join lateral (
          select segment, last_position, hash from segments order by segment desc limit 1
        ) as latest on true
        """,
        columns: [
            "sealed_to": .integer, "segment_size": .integer, "segment": .integer, "last_position": .integer,
            "hash": .bytes,
        ])

    private static let sealing = SQLQuery(
        "seal_segment",
        """
        insert into segments (
          segment, first_position, last_position, first_recorded_at, last_recorded_at, previous_hash, hash
        )
        select :segment, :first_position, :last_position, first.recorded_at, last.recorded_at, :previous_hash, :hash
        from events as first
        join events as last on last.position = :last_position
        where first.position = :first_position
        returning segment
        """,
        parameters: [
            "segment": .integer, "first_position": .integer, "last_position": .integer, "previous_hash": .bytea,
            "hash": .bytea,
        ], columns: ["segment": .integer])

    static let queries = [latest, sealing]
}
