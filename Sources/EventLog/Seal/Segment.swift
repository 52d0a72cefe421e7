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

    static let columns: KeyValuePairs<String, ColumnType> = [
        "segment": .integer, "first_position": .integer, "last_position": .integer, "previous_hash": .bytes,
        "hash": .bytes, "last_recorded_at": .timestamp, "file": .text, "file_bytes": .integer, "text_bytes": .integer,
    ]

    init(_ row: Row) throws(PostgresError) {
        number = try row.integer("segment")
        first = try row.integer("first_position")
        last = try row.integer("last_position")
        previousHash = try row.bytes("previous_hash")
        hash = try row.bytes("hash")
        lastRecordedAt = Timestamp(microseconds: try row.timestamp("last_recorded_at"))
        if let path = try row.optionalText("file") {
            file = File(
                path: path, byteCount: try row.integer("file_bytes"), textByteCount: try row.integer("text_bytes"))
        } else {
            file = nil
        }
    }

    /// The next segments after a number, in order.
    static func after(_ number: Int64, limit: Int, on connection: Connection) async throws(PostgresError) -> [Segment] {
        try await load(next, ["after": .integer(number), "limit": .integer(limit)], on: connection)
    }

    /// Those with positions in `first` to `last`, in order.
    static func covering(
        _ first: Int64, to last: Int64, on connection: Connection
    ) async throws(PostgresError) -> [Segment] {
        try await load(covering, ["first": .integer(first), "last": .integer(last)], on: connection)
    }

    /// The first archived one with positions after `position`, perhaps only of those with events of some streams, or
    /// recorded from one instant to before another.
    static func archived(
        after position: Int64, holding streams: [String]?, from: Timestamp?, to: Timestamp?, on connection: Connection
    ) async throws(PostgresError) -> Segment? {
        try await load(
            archived,
            [
                "after": .integer(position), "is_any_stream": .bool(streams == nil), "streams": .texts(streams ?? []),
                "from": .timestamp(from?.microseconds), "to": .timestamp(to?.microseconds),
            ], on: connection
        ).first
    }

    static func load(
        _ query: SQLQuery, _ values: KeyValuePairs<String, Parameter>, on connection: Connection
    ) async throws(PostgresError) -> [Segment] {
        try await connection.query(query, values).map { row throws(PostgresError) in try Segment(row) }
    }

    /// - Parameter clause: which segments, in which order.
    static func query(
        _ name: String, _ clause: String, parameters: KeyValuePairs<String, ValueType>
    ) -> SQLQuery {
        SQLQuery(
            name, "select \(columns.map(\.key).joined(separator: ", ")) from segments \(clause)",
            parameters: parameters,
            columns: columns)
    }

    private static let next = query(
        "segments_after", "where segment > :after order by segment limit :limit",
        parameters: ["after": .integer, "limit": .integer])

    private static let covering = query(
        "segments_covering", "where last_position >= :first and first_position <= :last order by segment",
        parameters: ["first": .integer, "last": .integer])

    private static let archived = query(
        "archived_segment",
        """
        where last_position > :after
          and last_position <= (select archived_to from log_head)
          and (:is_any_stream or segment in (select segment from archived_streams where stream = any (:streams)))
          and (:from::timestamptz is null or logged_at(last_position, last_recorded_at) >= :from)
          and (:to::timestamptz is null or logged_at(first_position, first_recorded_at) < :to)
        order by segment
        limit 1
        """,
        parameters: [
            "after": .integer, "is_any_stream": .bool, "streams": .texts, "from": .timestamp, "to": .timestamp,
        ])

    static let queries = [next, covering, archived, ProofExport.nextSegment]
}

/// The second halves of the keys of the locks of which one session at a time holds each.
enum LogLock: Int64 {
    case sealing = 1
    case archiving = 2

    /// Takes the lock until the session ends; false where another session holds it.
    func take(on connection: Connection) async throws(PostgresError) -> Bool {
        try await connection.query(Self.taking, key)[0].bool("is_taken")
    }

    func release(on connection: Connection) async throws(PostgresError) {
        try await connection.query(Self.releasing, key)
    }

    private var key: KeyValuePairs<String, Parameter> {
        ["space": .lock(LockSpace.upkeep), "lock": .integer(rawValue)]
    }

    private static let taking = SQLQuery(
        "take_log_lock", "select pg_try_advisory_lock(:space::int, :lock::int) as is_taken",
        parameters: ["space": .integer, "lock": .integer], columns: ["is_taken": .bool])

    private static let releasing = SQLQuery(
        "release_log_lock", "select pg_advisory_unlock(:space::int, :lock::int)",
        parameters: ["space": .integer, "lock": .integer])

    static let queries = [taking, releasing]
}
