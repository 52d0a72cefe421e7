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
            Self.page, ["first": .integer(first), "last": .integer(min(last, first + Self.pageSize - 1))])
    }

    static let page = SQLQuery(
        "events_between",
        """
        select \(RecordedEvent.columnNames)
        from events
        where position >= :first and position <= :last
        order by position
        """, parameters: ["first": .integer, "last": .integer], columns: RecordedEvent.columns)

    private func event(_ row: Row) throws -> RecordedEvent {
        do { return try RecordedEvent(row) } catch {
            throw UnreadableEvent(position: try row.integer("position"), reason: "\(error)")
        }
    }
}

extension RecordedEvent {
    /// The columns of a row that an event is made of.
    static let columns: KeyValuePairs<String, ColumnType> = [
        "position": .integer, "version": .integer, "recorded_at": .timestamp, "sequence": .integer,
        "schema_version": .integer, "stream": .text, "type": .text, "actor": .text, "source": .text, "trace_id": .text,
        "causation_id": .text, "client_address": .text, "correlation_id": .text, "data": .bytes,
    ]

    /// Of `events` and `archived_events`.
    package static let columnNames = columns.map(\.key).joined(separator: ", ")

    init(_ row: Row) throws(PostgresError) {
        self.init(
            position: try row.integer("position"),
            stream: StreamName(try row.text("stream")),
            version: try row.integer("version"),
            type: try row.text("type"),
            schemaVersion: Int16(truncatingIfNeeded: try row.integer("schema_version")),
            data: try row.bytes("data"),
            metadata: try StoredMetadata(row).canonical,
            recordedAt: Timestamp(microseconds: try row.timestamp("recorded_at")))
    }

    func moved(to position: Int64) -> RecordedEvent {
        RecordedEvent(
            position: position, stream: stream, version: version, type: type, schemaVersion: schemaVersion, data: data,
            metadata: metadata, recordedAt: recordedAt)
    }
}

extension StoredMetadata {
    fileprivate init(_ row: Row) throws(PostgresError) {
        self.init(
            actor: try row.optionalText("actor"),
            source: try row.optionalText("source"),
            sequence: try row.optionalInteger("sequence"),
            traceID: try row.optionalText("trace_id"),
            causationID: try row.optionalText("causation_id"),
            clientAddress: try row.optionalText("client_address"),
            correlationID: try row.optionalText("correlation_id"))
    }
}
