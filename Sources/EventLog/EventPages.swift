import EventSourcing
import Postgres

/// The events of the log up to a position, page after page, those in the archive first.
///
/// A connection is borrowed for each page and given back before the next is asked for, however slow the reader is. Since
/// events never change and positions have no gaps, the pages together show the log as it was at that position.
package struct EventPages: Sendable {
    package enum Source: String, Sendable {
        case stored = "events"
        case archived = "archived_events"
    }

    package struct Page: Sendable {
        package let row: Row
        /// Where the next page begins.
        package let position: Int64
    }

    private let pool: Pool
    /// Of these streams only.
    private let stream: StreamName?
    /// Archived segments that were recorded before are left out.
    private let recordedFrom: Timestamp

    package init(pool: Pool, stream: StreamName?, recordedFrom: Timestamp) {
        self.pool = pool
        self.stream = stream
        self.recordedFrom = recordedFrom
    }

    /// The page after a position; nil where there are no more events.
    /// - Parameter statement: makes one row of events with later positions, with the last of them in the column `position`: null
    ///   where there are none. Archived events are those of one segment, all at once.
    package func page(
        after position: Int64, _ statement: @Sendable (Source) -> Statement
    ) async throws -> Page? {
        try await pool.withConnection { connection in
            let results = try await connection.pipeline([
                ArchivedTelemetry.holdPartitions, ArchivedEvents.Ends.query.statement(), statement(.stored),
            ])
            if position >= (try ArchivedEvents.Ends(results[1][0])).archivedTo { return try Self.stored(results[2]) }
            return try await connection.transaction {
                _ = try await connection.pipeline([ArchivedTelemetry.holdPartitions])
                let segment = try await Segment.archived(
                    after: position, holding: stream.map { [$0.rawValue] }, from: recordedFrom, to: nil, on: connection)
                guard let segment else {
                    return try Self.stored(try await connection.pipeline([statement(.stored)])[0])
                }
                let events = try await ArchivedSegments.events(of: segment).filter { event in
                    stream.map { event.stream == $0 } ?? true
                }
                try await EventTable.insert(events, into: "archived_events", on: connection)
                let rows = try await connection.pipeline([
                    statement(.archived), ArchivedTelemetry.forgetting.statement(),
                ])[0]
                return rows.first.map { Page(row: $0, position: segment.last) }
            }
        }
    }

    private static func stored(_ rows: Rows) throws -> Page? {
        guard let row = rows.first, let last = try row.optionalInteger("position") else { return nil }
        return Page(row: row, position: last)
    }
}
