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

    private static let begin = "select begin_append_call($1, $2), hold_history($3, $4)"

    private static let append = append(noting: nil)

    /// For a batch in which some appends belong to requests.
    private static let notingAppend = append(
        noting: KeyedRequests.keeping(from: 4 + AppendBatch.parameterCount, eventCounts: 3 + 6))

    private static func append(noting noted: String?) -> String {
        """
        with answer as materialized (
          select outcomes, first_positions, versions, recorded_at
          from append_events(\((4..<4 + AppendBatch.parameterCount).map { "$\($0)" }.joined(separator: ", ")))
        ),
        call as (
          insert into append_calls (
            writer, call, called_at, called_after, outcomes, first_positions, versions, recorded_at
          )
          select
            $1, $2, clock_timestamp(), (select microseconds from elapsed_time), outcomes, first_positions, versions,
            recorded_at
          from answer
          where recorded_at is not null or $3
          on conflict (writer) do update
          set
            call = excluded.call, called_at = excluded.called_at, called_after = excluded.called_after,
            outcomes = excluded.outcomes, first_positions = excluded.first_positions, versions = excluded.versions,
            recorded_at = excluded.recorded_at
        )\(noted.map { ",\n" + $0 } ?? "")
        select outcomes, first_positions, versions, recorded_at from answer
        """
    }

    /// Writes, so that its commit waits for all that the call's own waited for, a synchronous replica for instance.
    private static let recall = """
        update append_calls
        set called_at = clock_timestamp()
        where writer = $1 and call = $2
        returning outcomes, first_positions, versions, recorded_at
        """

    private static let maximumAttempts = 5

    /// Makes the call once, whichever of its repetitions gets through.
    ///
    /// - Parameter isRepetition: whether the call may have been made before. What it comes to is then kept even where
    ///   it writes nothing, so that the first one, should a session still wake up with it, does nothing either.
    /// - Throws: `PostgresError.connectionLost` where it was made or was not; `HistoryChanged` where an append was decided
    ///   on another history than the log's, which holds nothing of the call.
    func run(on writer: Pool, isRepetition: Bool) async throws -> [AppendOutcome] {
        let id: [Parameter] = [.integer(key.writer), .integer(key.number)]
        let parameters = id + [.bool(isRepetition)] + AppendBatch(appends).parameters
        let clock = Statement("select follow_clock()")
        let statements: [Statement]
        if let requests = KeyedRequests(appends) {
            statements = [requests.hold, clock, Statement(Self.notingAppend, parameters + requests.parameters)]
        } else {
            statements = [clock, Statement(Self.append, parameters)]
        }
        var attempt = 1
        while true {
            do {
                return try await writer.withConnection { connection in
                    try await run(statements, after: id, on: connection, writer.history)
                }
            } catch let error as PostgresError {
                if error.sqlState == SQLState.callMadeBefore {
                    guard let row = try await writer.query(Self.recall, id).first else { throw error }
                    return try outcomes(row)
                }
                if error.sqlState == SQLState.programLimit, error.isPassing {
                    // A full NOTIFY queue stays so, although nobody needs what is in it any more, until somebody looks:
                    // appends, which are refused, do not.
                    _ = try? await writer.query("select pg_notification_queue_usage()")  // the next attempt tells
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

    private func run(
        _ statements: [Statement], after id: [Parameter], on connection: Connection, _ history: History?
    ) async throws -> [AppendOutcome] {
        let now = connection.history
        guard appends.allSatisfy({ $0.history.map { $0.number == now } ?? true }) else { throw HistoryChanged() }
        // What a process decides rests on all that it has seen of the log.
        let mark = history?.mark(of: now)
        let begin = Statement(Self.begin, id + (mark?.parameters ?? [.integer(nil), .timestamp(nil)]))
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
        return try Self.outcomes(row, from: 0, eventCounts: appends.map { Int64($0.events.count) })
    }

    /// Reads four columns from `column` on: outcomes, first positions, versions and the time that they have in common.
    static func outcomes(
        _ row: Row, from column: Int, eventCounts: [Int64]
    ) throws(PostgresError) -> [AppendOutcome] {
        let codes = try row.integers(column).map { $0 ?? 0 }
        let positions = try row.integers(column + 1).map { $0 ?? 0 }
        let versions = try row.integers(column + 2).map { $0 ?? 0 }
        let recordedAt = Timestamp(microseconds: try row.optionalTimestamp(column + 3) ?? 0)
        guard [codes.count, positions.count, versions.count] == Array(repeating: eventCounts.count, count: 3) else {
            throw .decoding(reason: "append_events did not answer for each append")
        }
        var outcomes: [AppendOutcome] = []
        outcomes.reserveCapacity(eventCounts.count)
        for (index, count) in eventCounts.enumerated() {
            let positions = positions[index]...(positions[index] + count - 1)
            switch codes[index] {
            case 1:
                outcomes.append(
                    .appended(Appended(positions: positions, version: versions[index], recordedAt: recordedAt)))
            case 2: outcomes.append(.conflict(actual: versions[index]))
            case 3: outcomes.append(.duplicate(positions: positions.lowerBound > 0 ? positions : nil))
            case 4: outcomes.append(.closed)
            case 5: outcomes.append(.missing)
            default: throw .decoding(reason: "append_events answered \(codes[index]), which is no outcome")
            }
        }
        return outcomes
    }
}
