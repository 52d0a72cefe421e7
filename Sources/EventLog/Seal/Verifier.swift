import EventSourcing
import Logging
import Postgres
import Transparency

/// Proves that the log is complete and unaltered, as far as it is sealed, and complete beyond.
///
/// Recomputes every segment, from partitions and from archived files, checks the chain of hashes, that positions and
/// the versions of each stream run without a gap, and that nothing lies beyond the head. Whoever could alter the events
/// could alter the seals after them: that is told apart only by a checkpoint or a hash that was kept elsewhere.
/// Appends may go on meanwhile. Memory is bounded by one archived segment and a number for each stream.
package struct Verifier: Sendable {
    package struct Summary: Equatable, Sendable {
        package let events: Int64
        package let segments: Int64
        package let archivedTo: Int64
        /// Of the last segment; nil where none is sealed.
        package let lastHash: [UInt8]?
        /// How many events at the end are not sealed yet.
        package let unsealed: Int64
        /// What kinds of events there are. Whether a release can read them all, its domain knows.
        package var kinds: [Kind: Kind.Events] = [:]
    }

    package struct Progress: Sendable {
        package let position: Int64
        package let head: Int64
    }

    private let target: ConnectionTarget
    private let anchors: [Int64: [UInt8]]
    private let checkpoints: [Checkpoint]
    private let logger: Logger

    /// - Parameters:
    ///   - anchors: hashes of segments that were kept elsewhere, by number.
    ///   - checkpoints: those that were kept elsewhere.
    package init(
        on target: ConnectionTarget, anchors: [Int64: [UInt8]] = [:], checkpoints: [Checkpoint] = [], logger: Logger
    ) {
        self.target = target.named("footfall verify", requestTimeout: nil)
        self.anchors = anchors
        self.checkpoints = checkpoints
        self.logger = logger
    }

    /// Throws the first `Finding`.
    package func run(onProgress: @Sendable (Progress) -> Void = { _ in }) async throws -> Summary {
        let connection = try await Connection.open(target, logger: logger)
        defer { connection.close() }
        let head = try await ArchivedEvents(on: connection).ends().head
        let jumps = try await connection.query(ClockJump.all)
        var log = VerifiedLog(head: head, jumps: try jumps.map(ClockJump.init))
        var tree = TreeVerifier(connection: connection, checkpoints: checkpoints)
        try await SegmentVerifier(connection: connection, anchors: anchors).check(&log, &tree, onProgress: onProgress)
        let streams = StreamVerifier(connection: connection)
        try await streams.checkSealed(&log, &tree, onProgress: onProgress)
        try tree.finish()
        let sealedTo = log.position
        try await streams.checkTail(&log, onProgress: onProgress)
        try await streams.checkStreams(&log)
        try await checkBounds(on: connection)
        return Summary(
            events: log.position, segments: log.segments,
            archivedTo: try await ArchivedEvents(on: connection).ends().archivedTo,
            lastHash: log.segments == 0 ? nil : log.hash, unsealed: log.position - sealedTo, kinds: log.kinds)
    }

    private func checkBounds(on connection: Connection) async throws {
        let row = try await connection.query(Self.beyond)[0]
        if let position = try row.optionalInteger("position") {
            throw Finding.inserted(position: position, segment: nil)
        }
    }

    /// The first event that lies where none may be.
    private static let beyond = SQLQuery(
        "event_beyond_the_log",
        """
        select min(position) as position
        from (
          (select position from events where position <= (select archived_to from log_head) order by position limit 1)
          union all
          (select position from events where position > (select position from log_head) order by position limit 1)
        ) as beyond
        """, columns: ["position": .integer])

    static let queries = [beyond, StreamVerifier.streams] + TreeVerifier.queries
}
