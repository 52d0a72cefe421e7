import EventSourcing
import Logging
import Postgres

/// The event log in PostgreSQL: tables of Migrations/0001_event_log.sql and the function `append_events`.
///
/// Appends commit one after another, so they are gathered: while one transaction is in flight, all appends that arrive
/// go into the next, with an outcome for each. No timer delays a lone append. What comes before and after a transaction's
/// turn (encoding, sending, parsing, answering) goes on during the turn of another, on a connection of its own.
package final class PostgresEventLog: EventLog {
    let readers: Pool
    let elapsed = ElapsedTime()
    private let appender: GroupCommit
    private let writeCheck: WriteCheck

    /// - Parameters:
    ///   - readers: lends connections for reading.
    ///   - writer: a pool on which alone appends are made, as many at a time as it has connections; more than two
    ///     gain nothing.
    ///   - patience: how long the log tries to find out what became of appends whose answer was lost, before it
    ///     reports an unknown outcome.
    package init(
        readers: Pool, writer: Pool, limits: GroupCommit.Limits = .init(), patience: Duration = .seconds(15)
    ) {
        self.readers = readers
        writeCheck = WriteCheck(on: writer)
        appender = GroupCommit(
            limits: limits,
            writers: (0..<writer.size).map { _ in
                let calls = AppendCalls(on: writer, patience: patience)
                return { await calls.write($0) }
            })
    }

    package var history: HistoryToken { HistoryToken(readers.history?.number ?? HistoryToken.only.number) }

    package func append(_ appends: [Append]) async throws(EventLogError) -> [AppendOutcome] {
        if appends.isEmpty { return [] }
        for append in appends { try append.validate() }
        // What is noted of a request has no positions of older duplicates either.
        var outcomes: [AppendOutcome]
        if let done = appends.done { outcomes = done } else { outcomes = try await appender.append(appends) }
        try await findDuplicates(of: appends, &outcomes)
        return outcomes
    }

    package func checkWriting() async throws(EventLogError) { try await writeCheck.run() }

    package func read(
        _ stream: StreamName, after version: Int64, limit: Int
    ) async throws(EventLogError) -> [RecordedEvent] {
        let next = max(0, version) + 1
        // Further looks, for events that came, or were brought back from the archive, since the first.
        for _ in 0..<3 {
            let stored = try await stored(stream, after: version, limit: limit)
            if limit <= 0 || stored.first?.version == next { return stored }
            let (recorded, archived) = try await archived { archive in
                (
                    try await archive.version(of: stream),
                    try await archive.events(of: stream, after: version, limit: limit)
                )
            }
            if let last = archived.last {
                if archived.count == limit { return archived }
                return archived + (try await read(stream, after: last.version, limit: limit - archived.count))
            }
            if next > recorded { return [] }
        }
        throw .storage(reason: "version \(next) of stream \(stream) is missing; run footfallctl verify")
    }

    package func read(after position: Int64, limit: Int) async throws(EventLogError) -> [RecordedEvent] {
        let next = max(0, position) + 1
        // A second look, for events that came, or were brought back from the archive, since the first.
        for _ in 0..<2 {
            let stored = try await stored(after: position, limit: limit)
            if limit <= 0 || stored.first?.position == next { return stored }
            let (ends, archived) = try await archived { archive in
                (try await archive.ends(), try await archive.events(after: next - 1, limit: limit))
            }
            if let last = archived.last {
                if archived.count == limit { return archived }
                return archived + (try await read(after: last.position, limit: limit - archived.count))
            }
            if next > ends.head { return [] }
        }
        throw .storage(reason: "the event at position \(next) is missing; run footfallctl verify")
    }

    package func read(at positions: [Int64]) async throws(EventLogError) -> [RecordedEvent] {
        let wanted = Set(positions)
        // A second look, for events that were archived, or brought back, since the first.
        for _ in 0..<2 {
            let stored = try await events(Self.eventsAt.statement(["positions": .integers(Array(wanted))]))
            if stored.count == wanted.count { return stored }
            let missing = wanted.subtracting(stored.map(\.position))
            let (ends, archived) = try await archived { archive in
                (try await archive.ends(), try await archive.events(at: missing))
            }
            let recorded = wanted.count { $0 > 0 && $0 <= ends.head }
            if archived.count + stored.count == recorded { return archived + stored }
        }
        throw .storage(reason: "some of the events at \(wanted.count) positions are missing; run footfallctl verify")
    }

    private func stored(
        _ stream: StreamName, after version: Int64, limit: Int
    ) async throws(EventLogError) -> [RecordedEvent] {
        try await events(
            Self.eventsOfStream.statement([
                "stream": .text(stream.rawValue), "after": .integer(version), "limit": .integer(limit),
            ]))
    }

    private func stored(after position: Int64, limit: Int) async throws(EventLogError) -> [RecordedEvent] {
        let events = try await events(
            Self.eventsAfter.statement(["after": .integer(position), "limit": .integer(limit)]))
        guard let first = events.first, let last = events.last,
            last.position - first.position >= Int64(events.count)
        else { return events }
        // Nobody reads past a position that is missing.
        return zip(events, first.position...).prefix { $0.position == $1 }.map(\.0)
    }

    private func archived<Value>(
        _ body: (ArchivedEvents) async throws -> Value
    ) async throws(EventLogError) -> Value {
        do {
            return try await readers.withConnection { try await body(ArchivedEvents(on: $0)) }
        } catch let error as EventLogError {
            throw error
        } catch {
            throw EventLogError(reading: error)
        }
    }

    package func clockJumps() async throws(EventLogError) -> [ClockJump] {
        do {
            return try await readers.query(ClockJump.all.statement()).map(ClockJump.init)
        } catch {
            throw EventLogError(reading: error)
        }
    }

    package func head() async throws(EventLogError) -> Int64 {
        do {
            return try await readers.query(Self.end.statement())[0].integer("position")
        } catch {
            throw EventLogError(reading: error)
        }
    }

    /// Finds out where appends that are older than their producer's last one were put: one search in a stream for all
    /// of a source's.
    /// - Throws: `unknownOutcome` where other appends of the call were written but this could not be found out.
    private func findDuplicates(
        of appends: [Append], _ outcomes: inout [AppendOutcome]
    ) async throws(EventLogError) {
        struct Source: Hashable {
            let stream: StreamName
            let name: ExactText
        }
        var open: [Source: [(index: Int, sequence: Int64)]] = [:]
        for (index, append) in appends.enumerated() {
            guard case .duplicate(nil) = outcomes[index], let producer = append.producer else { continue }
            open[Source(stream: append.stream, name: ExactText(producer.source)), default: []].append(
                (index, producer.sequence))
        }
        do {
            for (source, duplicates) in open {
                let positions = try await positions(
                    of: source.name.text, sequences: duplicates.map(\.sequence),
                    in: source.stream)
                for (index, sequence) in duplicates { outcomes[index] = .duplicate(positions: positions[sequence]) }
            }
        } catch {
            for case .appended in outcomes { throw .unknownOutcome(reason: "\(error)") }
            throw EventLogError(reading: error)
        }
    }

    private func positions(
        of source: String, sequences: [Int64], in stream: StreamName
    ) async throws -> [Int64: ClosedRange<Int64>] {
        try await readers.withConnection { connection in
            try await SequenceSearch(connection: connection, stream: stream, source: source)
                .positions(of: Set(sequences))
        }
    }

    private func events(_ statement: Statement) async throws(EventLogError) -> [RecordedEvent] {
        let history = history
        do {
            let rows = try await readers.query(statement)
            let events = try rows.map { row throws(PostgresError) in try RecordedEvent(row) }
            if let last = events.last { readers.history?.note(History.Mark(last), of: history.number) }
            return events
        } catch {
            throw EventLogError(reading: error)
        }
    }
}

extension PostgresEventLog {
    private static let eventsOfStream = SQLQuery(
        "events_of_stream",
        """
        select \(RecordedEvent.columnNames)
        from events
        where stream = :stream and version > :after
        order by version
        limit :limit
        """, parameters: ["stream": .text, "after": .integer, "limit": .integer], columns: RecordedEvent.columns)

    private static let eventsAfter = SQLQuery(
        "events_after",
        """
        select \(RecordedEvent.columnNames)
        from events
        where position > :after
        order by position
        limit :limit
        """, parameters: ["after": .integer, "limit": .integer], columns: RecordedEvent.columns)

    private static let eventsAt = SQLQuery(
        "events_at",
        """
        select \(RecordedEvent.columnNames)
        from events
        where position = any (:positions)
        order by position
        """, parameters: ["positions": .integers], columns: RecordedEvent.columns)

    private static let end = SQLQuery(
        "log_head", "select position from log_head", columns: ["position": .integer])

    /// The queries of the log that are declared as such, for tests of all of them.
    package static let queries =
        [eventsOfStream, eventsAfter, eventsAt, end, ClockJump.all, ClockWatch.clock, StoredEvents.page]
        + [SequenceSearch.entries, KeyedRequests.holding, BlockingSession.finding, ProofExport.unsealed]
        + AppendCall.queries + requestQueries + WriteCheck.queries + Segment.queries + LogLock.queries + Sealer.queries
        + Verifier.queries + ArchivedEvents.queries + Archiver.queries + AuditTrail.queries + LogTree.queries
        + TreeSealer.queries + SealWatch.queries
}

extension EventLogError {
    /// What a failed read means: nothing can have been written by it.
    init(reading error: any Error) {
        switch error as? PostgresError {
        case .overloaded, .abandoned: self = .overloaded
        case .unreachable(let reason), .full(let reason), .connectionLost(let reason):
            self = .unavailable(reason: reason)
        case .server(let error) where PostgresError.server(error).isLockTimeout:
            self = .unavailable(reason: "another session holds a lock on the log")
        case .server(let error) where error.fault == .database: self = .unavailable(reason: "\(error)")
        case .server, .decoding, nil: self = .storage(reason: "\(error)")
        }
    }
}
