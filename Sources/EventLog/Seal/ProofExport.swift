import EventSourcing
import Logging
import Postgres

/// Writes sealed segments whole, in such a form that whoever has the file, and nothing else, can prove that its events
/// are complete and unaltered (`ProofFile`).
///
/// JSON lines: the format; then each segment, with the hash of the one before it and its own, followed by its events;
/// then how much there was. An event's `data` and `metadata` are texts, byte for byte as they were hashed, whatever columns
/// the table has.
package struct ProofExport: Sendable {
    static let format = "footfall proof 1"
    private static let pieceBytes = 1 << 20

    package struct Summary: Equatable, Sendable {
        package var segments: Int64 = 0
        package var events: Int64 = 0
        /// Of the last segment; nil where none was written.
        package var last: (segment: Int64, hash: [UInt8])?
        /// How many events at the end of the log are not sealed yet, and so in no export.
        package var unsealed: Int64 = 0

        package static func == (left: Summary, right: Summary) -> Bool {
            (left.segments, left.events, left.unsealed) == (right.segments, right.events, right.unsealed)
                && left.last?.segment == right.last?.segment && left.last?.hash == right.last?.hash
        }
    }

    private let target: ConnectionTarget
    private let logger: Logger

    package init(on target: ConnectionTarget, logger: Logger) {
        self.target = target.named("footfall export", requestTimeout: nil)
        self.logger = logger
    }

    /// Writes the segments that hold what was recorded from one instant to before another, with all that they hold
    /// besides. Memory is bounded by one segment.
    package func write(
        from: Timestamp?, to: Timestamp?, _ write: ([UInt8]) throws -> Void
    ) async throws -> Summary {
        let connection = try await Connection.open(target, logger: logger)
        defer { connection.close() }
        var summary = Summary()
        var output = (["format": .string(Self.format)] as JSON).bytes + [UInt8(ascii: "\n")]
        var number: Int64 = 0
        while let segment = try await Segment.sealed(after: number, from: from, to: to, on: connection) {
            output += segment.proofLine
            try await segment.forEachEvent(on: connection) { event in
                event.writeProofLine(to: &output)
                if output.count >= Self.pieceBytes {
                    try write(output)
                    output.removeAll(keepingCapacity: true)
                }
            }
            number = segment.number
            summary.segments += 1
            summary.events += Int64(segment.count)
            summary.last = (segment.number, segment.hash)
        }
        let end: JSON = ["segments": .integer(summary.segments), "events": .integer(summary.events)]
        try write(output + end.bytes + [UInt8(ascii: "\n")])
        summary.unsealed = try await connection.query(Self.unsealed)[0].integer("unsealed")
        return summary
    }
}

extension ProofExport {
    static let unsealed = SQLQuery(
        "unsealed_events",
        "select position - coalesce((select max(last_position) from segments), 0) as unsealed from log_head",
        columns: ["unsealed": .integer])

    static let nextSegment = Segment.query(
        "segment_to_export",
        """
        where segment > :after
          and (:from::timestamptz is null or logged_at(last_position, last_recorded_at) >= :from)
          and (:to::timestamptz is null or logged_at(first_position, first_recorded_at) < :to)
        order by segment
        limit 1
        """, parameters: ["after": .integer, "from": .timestamp, "to": .timestamp])
}

extension Segment {
    /// The first one after a number that holds something recorded from one instant to before another.
    fileprivate static func sealed(
        after number: Int64, from: Timestamp?, to: Timestamp?, on connection: Connection
    ) async throws(PostgresError) -> Segment? {
        try await load(
            ProofExport.nextSegment,
            ["after": .integer(number), "from": .timestamp(from?.microseconds), "to": .timestamp(to?.microseconds)],
            on: connection
        ).first
    }

    fileprivate var proofLine: [UInt8] {
        let line: JSON = [
            "segment": .integer(number), "first_position": .integer(first), "last_position": .integer(last),
            "previous_hash": .string(previousHash.hexadecimal), "hash": .string(hash.hexadecimal),
        ]
        return line.bytes + [UInt8(ascii: "\n")]
    }

    /// Its events in order, from partitions or from its archived file.
    fileprivate func forEachEvent(
        on connection: Connection, _ body: (RecordedEvent) throws -> Void
    ) async throws {
        try await connection.transaction {
            let archive = ArchivedEvents(on: connection)
            try await archive.holdPartitions()
            if last <= (try await archive.ends().archivedTo) {
                for event in try await ArchivedSegments.events(of: self) { try body(event) }
            } else {
                try await StoredEvents(connection: connection).forEach(in: positions, body)
            }
        }
    }
}

extension RecordedEvent {
    fileprivate func writeProofLine(to output: inout [UInt8]) {
        let line: JSON = [
            "position": .integer(position), "stream": .string(stream.rawValue), "version": .integer(version),
            "type": .string(type), "schema_version": .integer(Int64(schemaVersion)),
            "recorded_at": .string(recordedAt.rfc3339), "data": .string(String(decoding: data, as: UTF8.self)),
            "metadata": .string(String(decoding: metadata, as: UTF8.self)),
        ]
        output += line.bytes
        output.append(UInt8(ascii: "\n"))
    }
}
