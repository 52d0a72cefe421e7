import EventSourcing
import Postgres

/// A row of `events` that cannot be read as an event.
struct UnreadableEvent: Error, CustomStringConvertible {
    let position: Int64
    let reason: String

    var description: String { "the event at position \(position) cannot be read: \(reason)" }
}

/// The events that lie in partitions, in order of position and a page at a time: while one page is looked at the next
/// is on its way, so memory is bounded by two.
struct StoredEvents: Sendable {
    private static let pageSize: Int64 = 2000

    let connection: Connection

    /// Calls `body` with each event that is there; throws `UnreadableEvent`, or what `body` throws.
    func forEach(in positions: ClosedRange<Int64>, _ body: (RecordedEvent) throws -> Void) async throws {
        var rows = try await page(from: positions.lowerBound, to: positions.upperBound)
        var next = positions.lowerBound + Self.pageSize
        while next <= positions.upperBound {
            try Task.checkCancellation()
            let first = next
            async let following = page(from: first, to: positions.upperBound)
            for row in rows { try body(try event(row)) }
            rows = try await following
            next += Self.pageSize
        }
        for row in rows { try body(try event(row)) }
    }

    private func page(from first: Int64, to last: Int64) async throws(PostgresError) -> Rows {
        try await connection.query(
            """
            select position, stream, version, type, schema_version, data, metadata, recorded_at
            from events
            where position >= $1 and position <= $2
            order by position
            """, [.integer(first), .integer(min(last, first + Self.pageSize - 1))])
    }

    private func event(_ row: Row) throws -> RecordedEvent {
        do { return try RecordedEvent(row) } catch {
            throw UnreadableEvent(position: try row.integer(0), reason: "\(error)")
        }
    }
}

extension RecordedEvent {
    /// A row of position, stream, version, type, schema_version, data, metadata and recorded_at.
    init(_ row: Row) throws(PostgresError) {
        self.init(
            position: try row.integer(0),
            stream: StreamName(try row.text(1)),
            version: try row.integer(2),
            type: try row.text(3),
            schemaVersion: Int16(truncatingIfNeeded: try row.integer(4)),
            data: try row.bytes(5),
            metadata: try row.bytes(6),
            recordedAt: Timestamp(microseconds: try row.timestamp(7)))
    }

    func moved(to position: Int64) -> RecordedEvent {
        RecordedEvent(
            position: position, stream: stream, version: version, type: type, schemaVersion: schemaVersion, data: data,
            metadata: metadata, recordedAt: recordedAt)
    }
}
