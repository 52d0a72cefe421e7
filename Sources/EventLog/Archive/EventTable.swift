import EventSourcing
import Postgres

/// Writes events as they are into a table with the columns of `events`.
enum EventTable {
    private static let bytesPerPiece = 64 << 10

    /// Copies all events in, or none.
    /// - Parameter table: a name that needs no quotes.
    /// - Throws: `EventLogError.storage` where an event's metadata has no place in the columns, as what a later release
    ///   archived may have none.
    static func insert(_ events: some Sequence<RecordedEvent>, into table: String, on connection: Connection)
        async throws
    {
        _ = try await connection.copyIn("copy \(table) (\(RecordedEvent.columnNames)) from stdin") { sink in
            var piece: [UInt8] = []
            piece.reserveCapacity(bytesPerPiece + 4096)
            var row = CopyRow()
            for event in events {
                try row.write(event, to: &piece)
                guard piece.count >= bytesPerPiece else { continue }
                try await sink.write(piece)
                piece.removeAll(keepingCapacity: true)
            }
            try await sink.write(piece)
        }
    }
}

/// Events as lines of PostgreSQL's COPY text format with the columns of `RecordedEvent.columns`, in their order.
private struct CopyRow {
    private var recordedAt = EventText.Time()
    /// Events of one request have the same metadata but for the sequence, so the last one read is kept.
    private var metadata: (canonical: [UInt8], members: StoredMetadata) = (Array("{}".utf8), StoredMetadata())

    mutating func write(_ event: RecordedEvent, to output: inout [UInt8]) throws(EventLogError) {
        if metadata.canonical != event.metadata {
            guard let members = StoredMetadata(canonical: event.metadata) else {
                throw .storage(
                    reason: "the metadata of the archived event at position \(event.position) is not of this release")
            }
            metadata = (event.metadata, members)
        }
        let members = metadata.members
        output.append(contentsOf: "\(event.position)\t\(event.version)\t\(recordedAt.text(of: event))\t".utf8)
        output.append(contentsOf: "\(members.sequence.map(String.init) ?? "\\N")\t\(event.schemaVersion)\t".utf8)
        for text in [
            event.stream.rawValue, event.type, members.actor, members.source, members.traceID, members.causationID,
            members.clientAddress, members.correlationID,
        ] {
            if let text { EventText.write(field: text, to: &output) } else { output.append(contentsOf: "\\N".utf8) }
            output.append(UInt8(ascii: "\t"))
        }
        EventText.write(field: event.data, to: &output)
        output.append(UInt8(ascii: "\n"))
    }
}
