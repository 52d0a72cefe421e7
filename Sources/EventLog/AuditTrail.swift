import EventSourcing
import Postgres

/// The audit trail as auditors read it: `read.audit`, filtered, page by page.
package struct AuditTrail: Sendable {
    package struct Filter: Sendable {
        /// Events of this camera's life and telemetry only.
        package var cameraID: Int64?
        package var type: String?
        package var actor: String?
        /// Recorded at this instant or later.
        package var from: Timestamp?
        /// Recorded before this instant.
        package var to: Timestamp?

        package init(
            cameraID: Int64? = nil, type: String? = nil, actor: String? = nil, from: Timestamp? = nil,
            to: Timestamp? = nil
        ) {
            self.cameraID = cameraID
            self.type = type
            self.actor = actor
            self.from = from
            self.to = to
        }
    }

    package struct Entry: Sendable {
        package let position: Int64
        /// A JSON object in UTF-8: the columns of `read.audit` by name.
        package let json: [UInt8]
    }

    package struct Page: Sendable {
        /// In order of their positions.
        package let entries: [Entry]
        /// How far the page has seen: up to its last entry where it is full, else up to the end of the log.
        package let position: Int64
    }

    private let pool: Pool

    package init(pool: Pool) { self.pool = pool }

    /// The first entries after a position, at most `limit`.
    package func page(_ filter: Filter, after position: Int64, limit: Int) async throws -> Page {
        // The end of the log is read first: what is committed after that may be on the page, but none before is missed.
        let results = try await pool.withConnection { connection in
            try await connection.pipeline([
                Statement("select position from log_head"), statement(filter, after: position, limit: limit),
            ])
        }
        let entries = try results[1].map { Entry(position: try $0.integer(0), json: try $0.bytes(1)) }
        let last = entries.last?.position ?? position
        return Page(
            entries: entries, position: entries.count == limit ? last : max(last, try results[0][0].integer(0)))
    }

    private func statement(_ filter: Filter, after position: Int64, limit: Int) -> Statement {
        var parameters: [Parameter] = [.integer(position), .integer(limit)]
        var conditions = ["position > $1"]
        func require(_ condition: (String) -> String, _ value: Parameter) {
            parameters.append(value)
            conditions.append(condition("$\(parameters.count)"))
        }
        if let id = filter.cameraID {
            require({ "stream = any (\($0))" }, .texts(["camera-\(id)", "telemetry-\(id)"]))
        }
        if let type = filter.type { require({ "type = \($0)" }, .text(type)) }
        if let actor = filter.actor { require({ "actor = \($0)" }, .text(actor)) }
        // recorded_at never decreases with the position, so times turn into positions.
        if let from = filter.from {
            require({ "position > (select position_at(\($0)))" }, .timestamp(from.microseconds - 1))
        }
        if let to = filter.to {
            require({ "position <= (select position_at(\($0)))" }, .timestamp(to.microseconds - 1))
        }
        return Statement(
            """
            select
              position,
              json_build_object(
                'position', position, 'stream', stream, 'version', version, 'type', type,
                'schema_version', schema_version, 'data', data, 'actor', actor, 'source', source,
                'sequence', sequence, 'severity', severity, 'correlation_id', correlation_id,
                'causation_id', causation_id, 'recorded_at', rfc3339(recorded_at)
              )
            from read.audit
            where \(conditions.joined(separator: " and "))
            order by position
            limit $2
            """, parameters)
    }
}
