import EventLog
import Postgres

/// The event at which a build has stopped, since its SQL cannot take it. The next after the build's checkpoint.
package struct StoppedAtEvent: Error, Sendable, Equatable, CustomStringConvertible {
    package let projection: String
    package let build: Int64
    package let position: Int64
    package let type: String
    package let stream: String
    package let sqlState: String
    /// The server's message.
    package let error: String
    /// SQLSTATE of an event in a schema version that the release does not know, see `refuse_schema_version`.
    static let unknownSchemaVersion = SQLState.unknownSchemaVersion

    /// False where it was recorded before, by whichever process.
    package let isNews: Bool

    package var description: String {
        """
        \(projection) build \(build) has stopped at position \(position), \(type) of \(stream): \
        \(error) (SQLSTATE \(sqlState))
        """
    }
}

extension PostgresError {
    /// Whether it is the data that the statement could not take: the same events will fail again.
    var isFaultOfData: Bool { fault == .data }

    /// Whether the operator should see it, since trying again at once may not help: not the connection, the luck of a
    /// transaction, a lock, an operator's intervention, the server's own faults.
    var isWorthShowing: Bool {
        guard case .server(let error) = self else { return false }
        switch error.fault {
        case .data, .statement: return true
        case .server: return false
        case .database:
            return ["53", "54"].contains(error.sqlState.prefix(2))
                || error.sqlState == SQLState.notInPrerequisiteState
        }
    }
}

extension Build {
    /// Applies up to `limit` further events and moves the checkpoint, in one transaction; in one round trip, unless they
    /// are archived.
    ///
    /// Where the build's SQL cannot take one of them, all events before it are applied and the checkpoint stands just
    /// before it; throws `StoppedAtEvent`, and has recorded it in `projection_failures`.
    func advance(by limit: Int64, on connection: Connection) async throws -> Step {
        try await traced {
            do {
                return try await attempt(by: limit, on: connection)
            } catch let error as PostgresError where error.isFaultOfData {
                return try await advanceToFault(within: limit, on: connection)
            }
        }
    }

    /// Halves the range until the event is alone. Each try is a transaction: one that fails is rolled back, one that
    /// does not fail is as good as any other step.
    private func advanceToFault(within limit: Int64, on connection: Connection) async throws -> Step {
        let lag = try await connection.query(Self.lag, ["build": .integer(id)]).first?.integer("lag")
        var width = max(1, min(limit, lag ?? 1))
        while true {
            try Task.checkCancellation()
            let half = max(1, width / 2)
            do {
                let step = try await attempt(by: half, on: connection)
                width -= step.to - step.from
                // At the end of the range after all: what failed before does not fail any more.
                if step.isRetired || step.isAtHead || width <= 0 { return step }
            } catch let error as PostgresError where error.isFaultOfData {
                if half == 1 { throw try await stop(by: error, on: connection) }
                width = half
            }
        }
    }

    /// Records that the next event cannot be applied.
    private func stop(by error: PostgresError, on connection: Connection) async throws -> StoppedAtEvent {
        guard case .server(let server) = error else { throw error }
        return try await connection.transaction {
            guard
                let position = try await connection.query(Self.nextPosition, ["build": .integer(id)])
                    .first?.integer("position")
            else { throw error }
            try await ArchivedEvents(on: connection).load(after: position - 1, limit: 1)
            let events = try await connection.query(Self.eventAt, ["position": .integer(position)])
            try await connection.query("delete from archived_events")
            guard let event = events.first else { throw error }
            let (type, stream) = (try event.text("type"), try event.text("stream"))
            let changed = try await connection.query(
                Self.stopRecord,
                [
                    "build": .integer(id), "position": .integer(position), "type": .text(type),
                    "stream": .text(stream), "sql_state": .text(server.sqlState), "error": .text(server.message),
                ])
            return StoppedAtEvent(
                projection: projection, build: id, position: position, type: type, stream: stream,
                sqlState: server.sqlState, error: server.message, isNews: !changed.isEmpty)
        }
    }

    /// Records an error that no pause will mend although it is not an event's fault, such as a function or an archived
    /// file that is missing.
    func recordIfLasting(_ error: any Error, on connection: Connection) async throws {
        var sqlState: String?
        var reason = "\(error)"
        switch error {
        case is CancellationError, is StoppedAtEvent: return
        case let error as PostgresError:
            guard case .server(let server) = error, error.isWorthShowing else { return }
            sqlState = server.sqlState
            reason = server.message
        default: break
        }
        try await connection.query(
            Self.failureRecord, ["build": .integer(id), "sql_state": .text(sqlState), "error": .text(reason)])
    }
}

extension Build {
    private static let lag = SQLQuery(
        "lag_of_build",
        """
        select log_head.position - projection_checkpoints.position as lag
        from projection_checkpoints cross join log_head
        where build = :build
        """, parameters: ["build": .integer], columns: ["lag": .integer])

    private static let nextPosition = SQLQuery(
        "next_position_of_build",
        "select position + 1 as position from projection_checkpoints where build = :build for update",
        parameters: ["build": .integer], columns: ["position": .integer])

    private static let eventAt = SQLQuery(
        "event_at_position",
        """
        select type, stream from events where position = :position
        union all
        select type, stream from archived_events where position = :position
        """, parameters: ["position": .integer], columns: ["type": .text, "stream": .text])

    private static let stopRecord = SQLQuery(
        "record_stop_of_build",
        """
        insert into projection_failures as known (build, position, type, stream, sql_state, error)
        values (:build, :position, :type, :stream, :sql_state, :error)
        on conflict (build) do update
        set
          position = excluded.position, type = excluded.type, stream = excluded.stream,
          sql_state = excluded.sql_state, error = excluded.error, failed_at = excluded.failed_at
        where (known.position, known.sql_state, known.error)
          is distinct from (excluded.position, excluded.sql_state, excluded.error)
        returning build
        """,
        parameters: [
            "build": .integer, "position": .integer, "type": .text, "stream": .text, "sql_state": .text, "error": .text,
        ], columns: ["build": .integer])

    private static let failureRecord = SQLQuery(
        "record_failure_of_build",
        """
        insert into projection_failures as known (build, sql_state, error)
        values (:build, :sql_state, :error)
        on conflict (build) do update
        set
          position = null, type = null, stream = null,
          sql_state = excluded.sql_state, error = excluded.error, failed_at = excluded.failed_at
        where known.position is not null or known.error <> excluded.error
        """, parameters: ["build": .integer, "sql_state": .text, "error": .text])

    static let faults = [lag, nextPosition, eventAt, stopRecord, failureRecord]
}
