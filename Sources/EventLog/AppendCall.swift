import EventSourcing
import Postgres

/// One call of `append_events` for a batch of appends.
struct AppendCall {
    /// What sets a call apart from all others, its repetitions excepted.
    struct Key {
        let writer: Int64
        /// From 1, in the order of the writer's calls.
        let number: Int64
    }

    private let key: Key
    private let appends: [Append]

    init(_ appends: [Append], key: Key) {
        self.key = key
        self.appends = appends
    }

    private static let begin = SQLQuery(
        "begin_append_call", "select begin_append_call(:writer, :call), hold_history(:position, :recorded_at)",
        parameters: [
            "writer": .integer, "call": .integer, "position": .integer, "recorded_at": .timestamp,
        ])

    private static let clock = SQLQuery("follow_clock", "select follow_clock()")

    private static let append = append(noting: false)

    /// For a batch in which some appends belong to requests.
    private static let notingAppend = append(noting: true)

    private static func append(noting: Bool) -> SQLQuery {
        SQLQuery(
            noting ? "append_events_of_requests" : "append_events",
            """
            with answer as materialized (
              select outcomes, first_positions, versions, recorded_at
              from \(AppendBatch.call)
            ),
            call as (
              insert into append_calls (
                writer, call, called_at, called_after, outcomes, first_positions, versions, recorded_at
              )
              select
                :writer, :call, clock_timestamp(), (select microseconds from elapsed_time), outcomes, first_positions,
                versions, recorded_at
              from answer
              where :is_kept and (recorded_at is not null or :is_repetition)
              on conflict (writer) do update
              set
                call = excluded.call, called_at = excluded.called_at, called_after = excluded.called_after,
                outcomes = excluded.outcomes, first_positions = excluded.first_positions, versions = excluded.versions,
                recorded_at = excluded.recorded_at
            )\(noting ? ",\n" + KeyedRequests.noted : "")
            select outcomes::text[] as outcomes, first_positions, versions, recorded_at from answer
            """,
            parameters: AppendBatch.parameters + keyParameters + [("is_kept", .bool), ("is_repetition", .bool)]
                + (noting ? KeyedRequests.parameters : []),
            columns: answer)
    }

    private static let keyParameters: [(key: String, value: ValueType)] = [("writer", .integer), ("call", .integer)]

    /// What `outcomes` reads.
    private static let answer: KeyValuePairs<String, ColumnType> = [
        "outcomes": .texts, "first_positions": .integers, "versions": .integers, "recorded_at": .timestamp,
    ]

    /// Writes, so that its commit waits for all that the call's own waited for, a synchronous replica for instance.
    private static let recall = SQLQuery(
        "recall_append_call",
        """
        update append_calls
        set called_at = clock_timestamp()
        where writer = :writer and call = :call
        returning outcomes::text[] as outcomes, first_positions, versions, recorded_at
        """, parameters: keyParameters, columns: answer)

    private static let queueUsage = SQLQuery("notification_queue_usage", "select pg_notification_queue_usage()")

    static let queries = [begin, clock, append, notingAppend, recall, queueUsage]

    private static let maximumAttempts = 5

    /// Makes the call once, whichever of its repetitions gets through.
    ///
    /// A call whose appends all have a producer leaves no row in append_calls: its repetition finds their sequences used,
    /// and answers that they are duplicates, at the positions where they stand.
    ///
    /// - Parameter isRepetition: whether the call may have been made before. What it comes to is then kept even where
    ///   it writes nothing, so that the first one, should a session still wake up with it, does nothing either.
    /// - Throws: `PostgresError.connectionLost` where it was made or was not; `HistoryChanged` where an append was decided
    ///   on another history than the log's, which holds nothing of the call.
    func run(on writer: Pool, isRepetition: Bool) async throws -> [AppendOutcome] {
        let flags = [("is_kept", Parameter.bool(isKept)), ("is_repetition", .bool(isRepetition))]
        let values = AppendBatch(appends).values + id + flags.map { (key: $0, value: $1) }
        let statements: [Statement]
        if let requests = KeyedRequests(appends) {
            statements = [
                requests.hold, Self.clock.statement(), Self.notingAppend.statement(values + requests.values),
            ]
        } else {
            statements = [Self.clock.statement(), Self.append.statement(values)]
        }
        var attempt = 1
        while true {
            do {
                return try await writer.withConnection { connection in
                    try await run(statements, on: connection, writer.history)
                }
            } catch let error as PostgresError {
                if error.sqlState == SQLState.callMadeBefore {
                    guard let row = try await writer.query(Self.recall.statement(id)).first else { throw error }
                    return try outcomes(row)
                }
                if error.sqlState == SQLState.programLimit, error.isPassing {
                    // A full NOTIFY queue stays so, although nobody needs what is in it any more, until somebody looks:
                    // appends, which are refused, do not.
                    _ = try? await writer.query(Self.queueUsage.statement())  // the next attempt tells
                    if attempt > 1 { throw error }
                    attempt += 1
                    continue
                }
                // A connection that broke while it was idle is found out here; the next one is a new one.
                if case .unreachable = error, attempt > 1 { throw error }
                // Whoever holds a lock for seconds goes on holding it.
                guard error.isSafeToRetry, !error.isLockTimeout, attempt < Self.maximumAttempts else { throw error }
                attempt += 1
            }
        }
    }

    private var isKept: Bool { appends.contains { $0.producer == nil } }

    private func run(
        _ statements: [Statement], on connection: Connection, _ history: History?
    ) async throws -> [AppendOutcome] {
        let now = connection.history
        guard appends.allSatisfy({ $0.history.map { $0.number == now } ?? true }) else { throw HistoryChanged() }
        // What a process decides rests on all that it has seen of the log.
        let mark = history?.mark(of: now)
        let begin = Self.begin.statement(
            id + [("position", .integer(mark?.position)), ("recorded_at", .timestamp(mark?.time))])
        let results: [Rows]
        do throws(PostgresError) { results = try await connection.pipeline([begin] + statements) } catch {
            guard error.sqlState == SQLState.historyChanged else { throw error }
            history?.end(now)
            throw HistoryChanged()
        }
        let outcomes = try outcomes(results.last?.first)
        for outcome in outcomes {
            if case .appended(let appended) = outcome { history?.note(History.Mark(appended), of: now) }
        }
        return outcomes
    }

    private func outcomes(_ row: Row?) throws(PostgresError) -> [AppendOutcome] {
        guard let row else { throw .decoding(reason: "append_events gave no answer") }
        return try Self.outcomes(row, eventCounts: appends.map { Int64($0.events.count) })
    }

    private var id: [(key: String, value: Parameter)] {
        [("writer", .integer(key.writer)), ("call", .integer(key.number))]
    }

    /// Reads the columns that `append_events` answers with.
    static func outcomes(_ row: Row, eventCounts: [Int64]) throws(PostgresError) -> [AppendOutcome] {
        let names = try row.texts("outcomes")
        let positions = try row.integers("first_positions")
        let versions = try row.integers("versions")
        let recordedAt = Timestamp(microseconds: try row.optionalTimestamp("recorded_at") ?? 0)
        guard [names.count, positions.count, versions.count] == Array(repeating: eventCounts.count, count: 3) else {
            throw .decoding(reason: "append_events did not answer for each append")
        }
        var outcomes: [AppendOutcome] = []
        outcomes.reserveCapacity(eventCounts.count)
        for (index, count) in eventCounts.enumerated() {
            let positions = positions[index].map { $0...($0 + count - 1) }
            switch (names[index], positions, versions[index]) {
            case ("appended", let positions?, let version?):
                outcomes.append(
                    .appended(Appended(positions: positions, version: version, recordedAt: recordedAt)))
            case ("conflict", _, let actual?): outcomes.append(.conflict(actual: actual))
            case ("duplicate", _, _): outcomes.append(.duplicate(positions: positions))
            case ("closed", _, _): outcomes.append(.closed)
            case ("missing", _, _): outcomes.append(.missing)
            case (let name, _, _):
                throw .decoding(reason: "append_events answered \(name ?? "null") without what belongs to it")
            }
        }
        return outcomes
    }
}
