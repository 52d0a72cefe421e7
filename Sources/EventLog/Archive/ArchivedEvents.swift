import EventSourcing
import Postgres

/// The part of the log that lies in archived files: positions 1 to `log_head.archived_to`.
package struct ArchivedEvents: Sendable {
    /// Where the archive and the log end.
    struct Ends {
        let archivedTo: Int64
        let head: Int64

        static let query = SQLQuery(
            "log_ends", "select archived_to, position from log_head",
            columns: ["archived_to": .integer, "position": .integer])

        init(_ row: Row) throws(PostgresError) {
            archivedTo = try row.integer("archived_to")
            head = try row.integer("position")
        }
    }

    let connection: Connection

    package init(on connection: Connection) { self.connection = connection }

    func ends() async throws(PostgresError) -> Ends { try Ends(try await connection.query(Ends.query)[0]) }

    /// Keeps partitions from coming and going until the caller's transaction ends.
    func holdPartitions() async throws(PostgresError) {
        try await connection.query(ArchivedTelemetry.holding)
    }

    /// The stream's last version, archived or not; 0 where there is no such stream.
    func version(of stream: StreamName) async throws(PostgresError) -> Int64 {
        try await connection.query(Self.version, ["stream": .text(stream.rawValue)]).first?.integer("version") ?? 0
    }

    /// The archived events after a position, at most `limit`; none where the next one is not archived.
    func events(after position: Int64, limit: Int) async throws -> [RecordedEvent] {
        let archivedTo = try await ends().archivedTo
        var events: [RecordedEvent] = []
        var next = position + 1
        while events.count < limit, next <= archivedTo {
            let segment = try await segment(at: next)
            let all = try await ArchivedSegments.events(of: segment)
            events += all.dropFirst(Int(next - segment.first)).prefix(limit - events.count)
            next = segment.last + 1
        }
        return events
    }

    /// The archived events of a stream after a version, at most `limit`.
    func events(of stream: StreamName, after version: Int64, limit: Int) async throws -> [RecordedEvent] {
        let rows = try await connection.query(
            Self.segmentsAfter,
            ["stream": .text(stream.rawValue), "after": .integer(version), "limit": .integer(limit)])
        var events: [RecordedEvent] = []
        for row in rows where events.count < limit {
            let all = try await ArchivedSegments.events(of: try await segment(at: try row.integer("first_position")))
            events += all.lazy.filter { $0.stream == stream && $0.version > version }.prefix(limit - events.count)
        }
        return events
    }

    /// The archived segments that hold events of a stream, in order: where each begins, and the stream's last version in it.
    func segments(
        holding stream: StreamName
    ) async throws(PostgresError) -> [(firstPosition: Int64, lastVersion: Int64)] {
        try await connection.query(Self.segmentsOfStream, ["stream": .text(stream.rawValue)]).map {
            row throws(PostgresError) in (try row.integer("first_position"), try row.integer("last_version"))
        }
    }

    /// All events of the archived segment that holds a position.
    func segmentEvents(at position: Int64) async throws -> [RecordedEvent] {
        try await ArchivedSegments.events(of: try await segment(at: position))
    }

    /// The archived ones among the events at these positions, in order.
    func events(at positions: Set<Int64>) async throws -> [RecordedEvent] {
        let archivedTo = try await ends().archivedTo
        var events: [RecordedEvent] = []
        var seen: Int64 = 0
        for position in positions.sorted() where position > seen && position >= 1 && position <= archivedTo {
            let segment = try await segment(at: position)
            events += try await ArchivedSegments.events(of: segment).filter { positions.contains($0.position) }
            seen = segment.last
        }
        return events
    }

    private func segment(at position: Int64) async throws -> Segment {
        guard let segment = try await Segment.covering(position, to: position, on: connection).first else {
            throw EventLogError.storage(reason: "position \(position) is archived, but no segment holds it")
        }
        return segment
    }

    /// Loads archived events after a position, at most `limit`, into the table `archived_events`, and keeps partitions
    /// from coming and going: both until the caller's transaction ends, before which it empties the table again.
    /// Loads nothing where the next event is not archived. Memory is bounded by one segment.
    package func load(after position: Int64, limit: Int64) async throws {
        try await holdPartitions()
        let archivedTo = try await ends().archivedTo
        guard position < archivedTo else { return }
        let last = position + min(limit, archivedTo - position)
        for segment in try await Segment.covering(position + 1, to: last, on: connection) {
            let events = try await ArchivedSegments.events(of: segment)
            let wanted = events.filter { $0.position > position && $0.position <= last }
            try await EventTable.insert(wanted, into: "archived_events", on: connection)
        }
    }
}

extension ArchivedEvents {
    private static let version = SQLQuery(
        "stream_version", "select version from streams where name = :stream", parameters: ["stream": .text],
        columns: ["version": .integer])

    private static let segmentsAfter = SQLQuery(
        "archived_segments_after",
        """
        select segments.first_position
        from archived_streams
        join segments using (segment)
        join log_head on segments.last_position <= log_head.archived_to
        where archived_streams.stream = :stream and archived_streams.last_version > :after
        order by archived_streams.first_version
        limit :limit
        """, parameters: ["stream": .text, "after": .integer, "limit": .integer], columns: ["first_position": .integer])

    private static let segmentsOfStream = SQLQuery(
        "archived_segments_of_stream",
        """
        select segments.first_position, archived_streams.last_version
        from archived_streams
        join segments using (segment)
        join log_head on segments.last_position <= log_head.archived_to
        where archived_streams.stream = :stream
        order by archived_streams.first_version
        """, parameters: ["stream": .text], columns: ["first_position": .integer, "last_version": .integer])

    static let queries = [
        Ends.query, version, segmentsAfter, segmentsOfStream, ArchivedTelemetry.holding, ArchivedTelemetry.forgetting,
    ]
}
