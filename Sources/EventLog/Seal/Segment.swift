import EventSourcing
import Postgres

/// A sealed segment, as its row in `segments` has it.
struct Segment: Sendable {
    /// Where a segment was archived to.
    struct File: Hashable, Sendable {
        /// Absolute.
        let path: String
        let byteCount: Int64
        /// The size of its text once it is decompressed.
        let textByteCount: Int64
    }

    /// From 1, without a gap.
    let number: Int64
    let first: Int64
    let last: Int64
    let previousHash: [UInt8]
    let hash: [UInt8]
    let lastRecordedAt: Timestamp
    let file: File?

    var positions: ClosedRange<Int64> { first...last }
    var count: Int { Int(last - first + 1) }
    var name: String { "segment \(number) (positions \(first) to \(last))" }

    private static let columns =
        "segment, first_position, last_position, previous_hash, hash, last_recorded_at, file, file_bytes, text_bytes"

    init(_ row: Row) throws(PostgresError) {
        number = try row.integer(0)
        first = try row.integer(1)
        last = try row.integer(2)
        previousHash = try row.bytes(3)
        hash = try row.bytes(4)
        lastRecordedAt = Timestamp(microseconds: try row.timestamp(5))
        if let path = try row.optionalText(6) {
            file = File(path: path, byteCount: try row.integer(7), textByteCount: try row.integer(8))
        } else {
            file = nil
        }
    }

    /// The next segments after a number, in order.
    static func after(_ number: Int64, limit: Int, on connection: Connection) async throws(PostgresError) -> [Segment] {
        try await load(
            "where segment > $1 order by segment limit $2", [.integer(number), .integer(limit)], on: connection)
    }

    /// Those with positions in `first` to `last`, in order.
    static func covering(
        _ first: Int64, to last: Int64, on connection: Connection
    ) async throws(PostgresError) -> [Segment] {
        try await load(
            "where last_position >= $1 and first_position <= $2 order by segment", [.integer(first), .integer(last)],
            on: connection)
    }

    /// The first archived one with positions after `position`, perhaps only of those with events of some streams, or
    /// recorded from one instant to before another.
    static func archived(
        after position: Int64, holding streams: [String]?, from: Timestamp?, to: Timestamp?, on connection: Connection
    ) async throws(PostgresError) -> Segment? {
        try await load(
            """
            where last_position > $1
              and last_position <= (select archived_to from log_head)
              and ($2 or segment in (select segment from archived_streams where stream = any ($3)))
              and ($4 is null or logged_at(last_position, last_recorded_at) >= $4)
              and ($5 is null or logged_at(first_position, first_recorded_at) < $5)
            order by segment
            limit 1
            """,
            [
                .integer(position), .bool(streams == nil), .texts(streams ?? []), .timestamp(from?.microseconds),
                .timestamp(to?.microseconds),
            ], on: connection
        ).first
    }

    static func load(
        _ clause: String, _ parameters: [Parameter], on connection: Connection
    ) async throws(PostgresError) -> [Segment] {
        let rows = try await connection.query("select \(columns) from segments \(clause)", parameters)
        return try rows.map { row throws(PostgresError) in try Segment(row) }
    }
}

/// The second halves of the keys of the locks of which one session at a time holds each.
enum LogLock: Int64 {
    case sealing = 1
    case archiving = 2

    /// Takes the lock until the session ends; false where another session holds it.
    func take(on connection: Connection) async throws(PostgresError) -> Bool {
        try await connection.query(
            "select pg_try_advisory_lock($1::int, $2::int)", [.lock(LockSpace.upkeep), .integer(rawValue)])[0].bool(0)
    }

    func release(on connection: Connection) async throws(PostgresError) {
        try await connection.query(
            "select pg_advisory_unlock($1::int, $2::int)", [.lock(LockSpace.upkeep), .integer(rawValue)])
    }
}
