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

    private let pool: Pool

    package init(pool: Pool) { self.pool = pool }

    /// The entries after a position, in order, at most `limit`.
    package func entries(
        _ filter: Filter, after position: Int64, limit: Int
    ) async throws(PostgresError) -> [Entry] {
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
        let rows = try await pool.query(
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
        return try rows.map { (row) throws(PostgresError) in
            Entry(position: try row.integer(0), json: try row.bytes(1))
        }
    }
}
