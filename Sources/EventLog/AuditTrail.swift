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

        init(_ row: Row) throws(PostgresError) {
            position = try row.integer("position")
            json = try row.bytes("entry")
        }
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
                ArchivedTelemetry.holdPartitions, ArchivedEvents.Ends.query.statement(),
                Self.statement(filter, of: .stored, after: position, limit: limit),
            ])
            let ends = try ArchivedEvents.Ends(results[1][0])
            if position < ends.archivedTo {
                return try await archivedPage(filter, after: position, limit: limit, on: connection)
            }
            return try page(results[2], after: position, limit: limit, head: ends.head)
        }
    }

    /// A page that begins in the archive.
    private func archivedPage(
        _ filter: Filter, after position: Int64, limit: Int, on connection: Connection
    ) async throws -> Page {
        try await connection.transaction {
            let ends = try ArchivedEvents.Ends(
                try await connection.pipeline([
                    ArchivedTelemetry.holdPartitions, ArchivedEvents.Ends.query.statement(),
                ])[1][0])
            let (archived, seen) = try await archivedEntries(filter, after: position, limit: limit, on: connection)
            if archived.count == limit {
                return Page(entries: archived, position: archived.last?.position ?? position, isComplete: false)
            }
            if let seen { return Page(entries: archived, position: seen, isComplete: false) }
            let left = limit - archived.count
            let rest = Self.statement(filter, of: .stored, after: max(position, ends.archivedTo), limit: left)
            let stored = try page(
                try await connection.pipeline([rest])[0], after: max(position, ends.archivedTo), limit: left,
                head: ends.head)
            return Page(
                entries: archived + stored.entries, position: stored.position, isComplete: stored.isComplete)
        }
    }

    /// A page of a filter that no index serves: looks at one window of positions after another, as many as a page does.
    private func search(
        _ filter: Filter, after position: Int64, limit: Int, on connection: Connection
    ) async throws -> Page {
        try await connection.transaction {
            let bound = try await connection.pipeline([
                ArchivedTelemetry.holdPartitions,
                Self.bounding.statement([
                    "from": .timestamp(filter.from.map { $0.microseconds - 1 }),
                    "to": .timestamp(filter.to.map { $0.microseconds - 1 }),
                ]),
            ])[1][0]
            let ends = try ArchivedEvents.Ends(bound)
            let end = min(ends.head, try bound.integer("last"))
            var entries: [Entry] = []
            var seen = position
            if seen < ends.archivedTo {
                let (archived, stop) = try await archivedEntries(filter, after: position, limit: limit, on: connection)
                if archived.count == limit {
                    return Page(entries: archived, position: archived.last?.position ?? position, isComplete: false)
                }
                if let stop { return Page(entries: archived, position: stop, isComplete: false) }
                entries = archived
                seen = ends.archivedTo
            }
            seen = max(seen, try bound.integer("first"))
            for _ in 0..<bounds.windows where seen < end {
                let last = min(seen + bounds.window, end)
                let left = limit - entries.count
                let found = try self.entries(
                    try await connection.pipeline([
                        Self.statement(filter, of: .stored, after: seen, upTo: last, limit: left)
                    ])[0])
                entries += found
                if found.count == left {
                    return Page(entries: entries, position: entries.last?.position ?? last, isComplete: false)
                }
                seen = last
            }
            let isComplete = seen >= end
            return Page(
                entries: entries, position: isComplete ? max(position, ends.head) : seen, isComplete: isComplete)
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
                let statement = Self.statement(filter, of: .archived, after: position, limit: limit - entries.count)
                try await EventTable.insert(events, into: "archived_events", on: connection)
                let results = try await connection.pipeline([
                    statement, ArchivedTelemetry.forgetting.statement(),
                ])
                entries += try self.entries(results[0])
            }
            seen = segment.last
        }
        return (entries, nil)
    }

    private func entries(_ rows: Rows) throws -> [Entry] {
        try rows.map { row throws(PostgresError) in try Entry(row) }
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

    private static func statement(
        _ filter: Filter, of source: Source, after position: Int64, upTo last: Int64? = nil, limit: Int
    ) -> Statement {
        query(filter, of: source, isWindow: last != nil).statement(among: [
            ("after", .integer(position)), ("limit", .integer(limit)), ("last", .integer(last)),
            ("streams", .texts(filter.streams?.map(\.rawValue) ?? [])), ("type", .text(filter.type)),
            ("actor", .text(filter.actor)), ("correlation", .text(filter.correlationID)),
            ("causation", .text(filter.causationID)), ("text", .text(filter.text)),
            ("from", .timestamp(filter.from?.microseconds)), ("to", .timestamp(filter.to?.microseconds)),
        ])
    }

    /// - Parameter isWindow: whether the page is one of a search, which has turned its times into positions.
    private static func query(
        _ filter: Filter, of source: Source, isWindow: Bool, named name: String = "audit_page"
    ) -> SQLQuery {
        var conditions = ["position > :after"]
        if isWindow { conditions.append("position <= :last") }
        if filter.streams != nil { conditions.append("stream = any (:streams)") }
        if filter.type != nil { conditions.append("type = :type") }
        if filter.actor != nil { conditions.append("actor = :actor") }
        if filter.correlationID != nil { conditions.append("correlation_id = :correlation") }
        if filter.causationID != nil { conditions.append("causation_id = :causation") }
        if filter.text != nil { conditions.append("strpos(lower(data::text), lower(:text)) > 0") }
        let instant = { (name: String) in ":\(name)::timestamptz" }
        switch source {
        case .stored where isWindow: break
        case .stored:
            // The time at which events came never decreases with the position, so times turn into positions.
            let before = { (name: String) in "(select position_at(\(instant(name)) - interval '1 microsecond'))" }
            if filter.from != nil { conditions.append("position > \(before("from"))") }
            if filter.to != nil { conditions.append("position <= \(before("to"))") }
        case .archived:
            if filter.from != nil { conditions.append("logged_at(position, recorded_at) >= \(instant("from"))") }
            if filter.to != nil { conditions.append("logged_at(position, recorded_at) < \(instant("to"))") }
        }
        return SQLQuery(
            name,
            parts: """
                select position, \(object) as entry
                from \(source.rawValue)
                where \(conditions.joined(separator: " and "))
                order by position
                limit :limit
                """,
            among: [
                ("after", .integer), ("limit", .integer), ("last", .integer), ("streams", .texts), ("type", .text),
                ("actor", .text), ("correlation", .text), ("causation", .text), ("text", .text), ("from", .timestamp),
                ("to", .timestamp),
            ], columns: ["position": .integer, "entry": .bytes])
    }

    /// Where the log ends, and between which positions what came from one instant to another lies.
    private static let bounding = SQLQuery(
        "audit_bounds",
        """
        select
          position, archived_to,
          case when :from::timestamptz is null then 0 else position_at(:from) end as first,
          case when :to::timestamptz is null then position else position_at(:to) end as last
        from log_head
        """, parameters: ["from": .timestamp, "to": .timestamp],
        columns: ["position": .integer, "archived_to": .integer, "first": .integer, "last": .integer])

    /// Each form of a page's conditions is in one of these.
    static var queries: [SQLQuery] {
        let instant = Timestamp(microseconds: 0)
        let all = Filter(
            streams: [], type: "", actor: "", from: instant, to: instant, correlationID: "", causationID: "", text: "")
        let forms: [(name: String, filter: Filter, source: Source, isWindow: Bool)] = [
            ("plain", Filter(), .stored, false),
            ("of_streams", Filter(streams: [], from: instant, to: instant), .stored, false),
            ("of_type", Filter(type: "", from: instant, to: instant), .stored, false),
            ("window", all, .stored, true), ("archived", all, .archived, false),
        ]
        return [bounding, chain]
            + forms.map { query($0.filter, of: $0.source, isWindow: $0.isWindow, named: "audit_page_\($0.name)") }
    }
}
