import EventSourcing
import Postgres

/// The audit trail as auditors read it: `read.audit`, filtered, page by page.
///
/// No filter makes a page run away: where no index leads to what it asks for, a page looks at a bounded number of events
/// and says how far it has come, and the next one goes on from there.
package struct AuditTrail: Sendable {
    package struct Filter: Sendable {
        /// Events of these streams only.
        package var streams: [StreamName]?
        package var type: String?
        package var actor: String?
        /// Recorded at this instant or later.
        package var from: Timestamp?
        /// Recorded before this instant.
        package var to: Timestamp?
        package var correlationID: String?
        /// What follows from this: an event's position.
        package var causationID: String?
        /// Found in the data's text, capital or small letters alike.
        package var text: String?

        package init(
            streams: [StreamName]? = nil, type: String? = nil, actor: String? = nil, from: Timestamp? = nil,
            to: Timestamp? = nil, correlationID: String? = nil, causationID: String? = nil, text: String? = nil
        ) {
            self.streams = streams
            self.type = type
            self.actor = actor
            self.from = from
            self.to = to
            self.correlationID = correlationID
            self.causationID = causationID
            self.text = text
        }

        /// Whether every event must be looked at to know whether it is meant.
        fileprivate var isSearch: Bool {
            actor != nil || correlationID != nil || causationID != nil || text != nil
        }
    }

    /// How far one page looks where its filter is a search.
    package struct Bounds: Sendable {
        /// Positions that one statement looks at.
        package var window: Int64 = 20_000
        package var windows = 10
        package var segments = 20

        package init() {}
    }

    package struct Entry: Sendable {
        package let position: Int64
        /// A JSON object in UTF-8: the columns of `read.audit` by name.
        package let json: [UInt8]
    }

    package struct Page: Sendable {
        /// In order of their positions.
        package let entries: [Entry]
        /// How far the page has seen: up to its last entry where it is full, else up to the end of the log, or as far
        /// as one page looks.
        package let position: Int64
        /// Whether that is the end of the log: nothing more is to come but what is appended from now on.
        package let isComplete: Bool
    }

    let pool: Pool
    private let bounds: Bounds

    package init(pool: Pool, bounds: Bounds = Bounds()) {
        self.pool = pool
        self.bounds = bounds
    }

    /// The first entries after a position, at most `limit`.
    package func page(_ filter: Filter, after position: Int64, limit: Int) async throws -> Page {
        if filter.isSearch {
            return try await pool.withConnection { try await search(filter, after: position, limit: limit, on: $0) }
        }
        return try await pool.withConnection { connection in
            // The end of the log is read first: what is committed after that may be on the page, but none before is
            // missed.
            let results = try await connection.pipeline([
                Self.holdPartitions, Statement("select position, archived_to from log_head"),
                statement(filter, of: .stored, after: position, limit: limit),
            ])
            let isArchived = position < (try results[1][0].integer(1))
            if isArchived { return try await archivedPage(filter, after: position, limit: limit, on: connection) }
            return try page(results[2], after: position, limit: limit, head: try results[1][0].integer(0))
        }
    }

    /// No partition is archived or brought back until the transaction ends.
    private static let holdPartitions = Statement("select pg_advisory_xact_lock_shared(archive_lock())")

    /// A page that begins in the archive.
    private func archivedPage(
        _ filter: Filter, after position: Int64, limit: Int, on connection: Connection
    ) async throws -> Page {
        try await connection.transaction {
            let ends = try await connection.pipeline([
                Self.holdPartitions, Statement("select position, archived_to from log_head"),
            ])[1][0]
            let (head, archivedTo) = (try ends.integer(0), try ends.integer(1))
            let (archived, seen) = try await archivedEntries(filter, after: position, limit: limit, on: connection)
            if archived.count == limit {
                return Page(entries: archived, position: archived.last?.position ?? position, isComplete: false)
            }
            if let seen { return Page(entries: archived, position: seen, isComplete: false) }
            let left = limit - archived.count
            let rest = statement(filter, of: .stored, after: max(position, archivedTo), limit: left)
            let stored = try page(
                try await connection.pipeline([rest])[0], after: max(position, archivedTo), limit: left, head: head)
            return Page(
                entries: archived + stored.entries, position: stored.position, isComplete: stored.isComplete)
        }
    }

    /// A page of a filter that no index serves: looks at one window of positions after another, as many as a page does.
    private func search(
        _ filter: Filter, after position: Int64, limit: Int, on connection: Connection
    ) async throws -> Page {
        try await connection.transaction {
            let ends = try await connection.pipeline([
                Self.holdPartitions,
                Statement(
                    """
                    select
                      position, archived_to,
                      case when $1::timestamptz is null then 0 else position_at($1) end,
                      case when $2::timestamptz is null then position else position_at($2) end
                    from log_head
                    """,
                    [
                        .timestamp(filter.from.map { $0.microseconds - 1 }),
                        .timestamp(filter.to.map { $0.microseconds - 1 }),
                    ]),
            ])[1][0]
            let (head, archivedTo) = (try ends.integer(0), try ends.integer(1))
            let end = min(head, try ends.integer(3))
            var entries: [Entry] = []
            var seen = position
            if seen < archivedTo {
                let (archived, stop) = try await archivedEntries(filter, after: position, limit: limit, on: connection)
                if archived.count == limit {
                    return Page(entries: archived, position: archived.last?.position ?? position, isComplete: false)
                }
                if let stop { return Page(entries: archived, position: stop, isComplete: false) }
                entries = archived
                seen = archivedTo
            }
            seen = max(seen, try ends.integer(2))
            for _ in 0..<bounds.windows where seen < end {
                let last = min(seen + bounds.window, end)
                let left = limit - entries.count
                let found = try self.entries(
                    try await connection.pipeline([
                        statement(filter, of: .stored, after: seen, upTo: last, limit: left)
                    ])[0])
                entries += found
                if found.count == left {
                    return Page(entries: entries, position: entries.last?.position ?? last, isComplete: false)
                }
                seen = last
            }
            let isComplete = seen >= end
            return Page(entries: entries, position: isComplete ? max(position, head) : seen, isComplete: isComplete)
        }
    }

    private func page(_ rows: Rows, after position: Int64, limit: Int, head: Int64) throws -> Page {
        let entries = try entries(rows)
        let last = entries.last?.position ?? position
        let isComplete = entries.count < limit
        return Page(entries: entries, position: isComplete ? max(last, head) : last, isComplete: isComplete)
    }

    /// The first entries in the archive, one segment after another. A segment is read only where it may hold an entry:
    /// by its time and by the streams in it. Those of other filters are found by reading on, as far as a page does.
    /// - Returns: the entries, and how far it has come where it stopped before the archive's end.
    private func archivedEntries(
        _ filter: Filter, after position: Int64, limit: Int, on connection: Connection
    ) async throws -> (entries: [Entry], stoppedAt: Int64?) {
        let streams = filter.streams?.map(\.rawValue)
        var entries: [Entry] = []
        var seen = position
        var segments = 0
        while entries.count < limit,
            let segment = try await Segment.archived(
                after: seen, holding: streams, from: filter.from, to: filter.to, on: connection)
        {
            if filter.isSearch, segments == bounds.segments { return (entries, seen) }
            segments += 1
            let events = try await ArchivedSegments.events(of: segment).filter { event in
                event.position > position && filter.type.map { event.type == $0 } ?? true
                    && streams.map { $0.contains(event.stream.rawValue) } ?? true
            }
            if !events.isEmpty {
                let statement = statement(filter, of: .archived, after: position, limit: limit - entries.count)
                try await EventTable.insert(events, into: "archived_events", on: connection)
                let results = try await connection.pipeline([statement, Statement("delete from archived_events")])
                entries += try self.entries(results[0])
            }
            seen = segment.last
        }
        return (entries, nil)
    }

    private func entries(_ rows: Rows) throws -> [Entry] {
        try rows.map { Entry(position: try $0.integer(0), json: try $0.bytes(1)) }
    }

    /// SQL for the JSON object of a row of `read.audit`.
    static let object = """
        json_build_object(
          'position', position, 'stream', stream, 'version', version, 'type', type, 'schema_version', schema_version,
          'data', data, 'actor', actor, 'source', source, 'sequence', sequence, 'severity', severity,
          'correlation_id', correlation_id, 'causation_id', causation_id, 'recorded_at', rfc3339(recorded_at)
        )
        """

    /// The views that show what lies in partitions, and what was loaded from the archive.
    private enum Source: String {
        case stored = "read.audit"
        case archived = "archived_audit"
    }

    private func statement(
        _ filter: Filter, of source: Source, after position: Int64, upTo last: Int64? = nil, limit: Int
    ) -> Statement {
        var parameters: [Parameter] = [.integer(position), .integer(limit)]
        var conditions = ["position > $1"]
        func require(_ condition: (String) -> String, _ value: Parameter) {
            parameters.append(value)
            conditions.append(condition("$\(parameters.count)"))
        }
        if let streams = filter.streams { require({ "stream = any (\($0))" }, .texts(streams.map(\.rawValue))) }
        if let type = filter.type { require({ "type = \($0)" }, .text(type)) }
        if let actor = filter.actor { require({ "actor = \($0)" }, .text(actor)) }
        if let id = filter.correlationID { require({ "correlation_id = \($0)" }, .text(id)) }
        if let id = filter.causationID { require({ "causation_id = \($0)" }, .text(id)) }
        if let text = filter.text { require({ "strpos(lower(data::text), lower(\($0))) > 0" }, .text(text)) }
        if let last { require({ "position <= \($0)" }, .integer(last)) }
        switch source {
        // A search has turned its times into positions.
        case .stored where last != nil: break
        case .stored:
            // The time at which events came never decreases with the position, so times turn into positions.
            if let from = filter.from {
                require({ "position > (select position_at(\($0)))" }, .timestamp(from.microseconds - 1))
            }
            if let to = filter.to {
                require({ "position <= (select position_at(\($0)))" }, .timestamp(to.microseconds - 1))
            }
        case .archived:
            if let from = filter.from {
                require({ "logged_at(position, recorded_at) >= \($0)" }, .timestamp(from.microseconds))
            }
            if let to = filter.to {
                require({ "logged_at(position, recorded_at) < \($0)" }, .timestamp(to.microseconds))
            }
        }
        return Statement(
            """
            select position, \(Self.object)
            from \(source.rawValue)
            where \(conditions.joined(separator: " and "))
            order by position
            limit $2
            """, parameters)
    }
}
