import EventSourcing
import Logging
import Postgres

/// The event log in PostgreSQL: tables and the function `append_events` of Migrations/0001_event_log.sql.
///
/// Appends commit one after another, so they are gathered: while one transaction is in flight, all appends that arrive
/// go into the next, with an outcome for each. No timer delays a lone append.
package final class PostgresEventLog: EventLog {
    private let readers: Pool
    private let appender: GroupCommit

    /// - Parameters:
    ///   - readers: lends connections for reading.
    ///   - writer: a pool of one connection, on which alone appends are made.
    package init(readers: Pool, writer: Pool, limits: GroupCommit.Limits = .init()) {
        self.readers = readers
        appender = GroupCommit(limits: limits) { appends throws(EventLogError) in
            try await AppendCall(appends).run(on: writer)
        }
    }

    package func append(_ appends: [Append]) async throws(EventLogError) -> [AppendOutcome] {
        if appends.isEmpty { return [] }
        for append in appends { try append.validate() }
        var outcomes = try await appender.append(appends)
        for (index, append) in appends.enumerated() {
            guard case .duplicate(nil) = outcomes[index], let producer = append.producer else { continue }
            outcomes[index] = .duplicate(positions: try await positions(of: producer, in: append.stream))
        }
        return outcomes
    }

    package func read(
        _ stream: StreamName, after version: Int64, limit: Int
    ) async throws(EventLogError) -> [RecordedEvent] {
        try await events(
            """
            select position, stream, version, type, schema_version, data, metadata, recorded_at
            from events
            where stream = $1 and version > $2
            order by version
            limit $3
            """, [.text(stream.rawValue), .integer(version), .integer(limit)])
    }

    package func read(after position: Int64, limit: Int) async throws(EventLogError) -> [RecordedEvent] {
        try await events(
            """
            select position, stream, version, type, schema_version, data, metadata, recorded_at
            from events
            where position > $1
            order by position
            limit $2
            """, [.integer(position), .integer(limit)])
    }

    package func head() async throws(EventLogError) -> Int64 {
        do {
            return try await readers.query("select position from log_head")[0].integer(0)
        } catch {
            throw EventLogError(reading: error)
        }
    }

    /// Where an append that is older than its producer's last one was put; looked up in the stream itself.
    private func positions(
        of producer: ProducerSequence, in stream: StreamName
    ) async throws(EventLogError) -> ClosedRange<Int64>? {
        do {
            let rows = try await readers.query(
                """
                select min(position), max(position)
                from events
                where stream = $1
                  and metadata ->> 'source' = $2
                  and (metadata ->> 'sequence')::bigint = $3
                """, [.text(stream.rawValue), .text(producer.source), .integer(producer.sequence)])
            guard let first = try rows[0].optionalInteger(0), let last = try rows[0].optionalInteger(1) else {
                return nil
            }
            return first...last
        } catch {
            throw EventLogError(reading: error)
        }
    }

    private func events(_ sql: String, _ parameters: [Parameter]) async throws(EventLogError) -> [RecordedEvent] {
        do {
            let rows = try await readers.query(sql, parameters)
            var events: [RecordedEvent] = []
            events.reserveCapacity(rows.count)
            for row in rows {
                events.append(
                    RecordedEvent(
                        position: try row.integer(0),
                        stream: StreamName(try row.text(1)),
                        version: try row.integer(2),
                        type: try row.text(3),
                        schemaVersion: Int16(truncatingIfNeeded: try row.integer(4)),
                        data: try row.bytes(5),
                        metadata: try row.bytes(6),
                        recordedAt: Timestamp(microseconds: try row.timestamp(7))))
            }
            return events
        } catch {
            throw EventLogError(reading: error)
        }
    }
}

extension EventLogError {
    /// What a failed read means: nothing can have been written by it.
    init(reading error: any Error) {
        switch error as? PostgresError {
        case .overloaded: self = .overloaded
        case .unreachable(let reason), .connectionLost(let reason): self = .unavailable(reason: reason)
        case .server, .decoding, nil: self = .storage(reason: "\(error)")
        }
    }
}
