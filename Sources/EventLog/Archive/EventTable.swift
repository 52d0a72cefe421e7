import EventSourcing
import Postgres

/// Writes events as they are into a table with the columns of `events`.
enum EventTable {
    private static let bytesPerPiece = 64 << 10

    /// Copies all events in, or none.
    /// - Parameter table: a name that needs no quotes.
    static func insert(_ events: some Sequence<RecordedEvent>, into table: String, on connection: Connection)
        async throws
    {
        _ = try await connection.copyIn(
            """
            copy \(table) (position, version, recorded_at, schema_version, stream, type, data, metadata) from stdin
            """
        ) { sink in
            var piece: [UInt8] = []
            piece.reserveCapacity(bytesPerPiece + 4096)
            var writer = EventText.Writer()
            for event in events {
                writer.write(event, to: &piece)
                guard piece.count >= bytesPerPiece else { continue }
                try await sink.write(piece)
                piece.removeAll(keepingCapacity: true)
            }
            try await sink.write(piece)
        }
    }
}
