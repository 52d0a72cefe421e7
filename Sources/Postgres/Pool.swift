import DequeModule
import Logging
import Resilience
import Synchronization

/// A bounded number of connections, each lent to one task at a time.
///
/// Connections are made when they are needed and kept. While the server is away every call fails at once with
/// `PostgresError.unreachable`: a circuit keeps attempts to connect apart. It is the attempt to connect alone that tells
/// whether the server is there, and the first one that fails opens the circuit: a session that was lost is replaced by
/// another, which finds that out, and what the server refuses is an answer. Connections that work are lent all the while.
package final class Pool: Sendable {
    private struct State {
        var idle: [Connection] = []
        /// Connections that are lent, idle or being made.
        var count = 0
        var waiting: Deque<CheckedContinuation<Grant, Never>> = []
        var isClosed = false
        /// Why the last attempt to connect failed.
        var reason = "the database could not be reached"
    }

    /// What a waiting task is given: a connection, the right to make one, or an end.
    private enum Grant {
        case connection(Connection)
        case permission(Circuit.Ticket)
        case refusal(PostgresError)
    }

    private let target: ConnectionTarget
    /// How many connections there are at most.
    package let size: Int
    private let maximumWaiting: Int
    private let logger: Logger
    private let state = Mutex(State())
    /// Whether the server is taken to be there.
    package let circuit: CircuitBreaker

    /// On which history of the database the connections are; nil where that is not asked.
    package var history: History? { target.history }

    /// - Parameter maximumWaiting: how many tasks may wait for a connection; beyond it a call fails with
    ///   `PostgresError.overloaded`.
    package init(_ target: ConnectionTarget, size: Int = 8, maximumWaiting: Int = 10_000, logger: Logger) {
        self.target = target
        self.size = size
        self.maximumWaiting = maximumWaiting
        self.logger = logger
        circuit = CircuitBreaker(
            target.applicationName.replacing(" ", with: "_"),
            Circuit.Rule(failures: 1, firstPause: .milliseconds(50), longestPause: .seconds(2)))
    }

    /// Lends a connection for as long as `body` runs; transactions are made with `Connection.transaction`, which
    /// leaves none open.
    package func withConnection<Value>(_ body: (Connection) async throws -> Value) async throws -> Value {
        let connection = try await borrow()
        do {
            let value = try await body(connection)
            giveBack(connection)
            return value
        } catch {
            giveBack(connection)
            throw error
        }
    }

    /// Runs one statement on whichever connection is free.
    @discardableResult
    package func query(_ sql: String, _ parameters: [Parameter] = []) async throws(PostgresError) -> Rows {
        let connection = try await borrow()
        defer { giveBack(connection) }
        return try await connection.query(sql, parameters)
    }

    /// Runs one statement on whichever connection is free.
    package func query(_ statement: Statement) async throws(PostgresError) -> Rows {
        let connection = try await borrow()
        defer { giveBack(connection) }
        return try await connection.pipeline([statement])[0]
    }

    /// Closes what is idle, and what is lent when it comes back; callers that wait are refused.
    package func close() {
        let (idle, waiting) = state.withLock { state in
            defer {
                state.count -= state.idle.count
                state.idle = []
                state.waiting = []
            }
            state.isClosed = true
            return (state.idle, state.waiting)
        }
        for connection in idle { connection.close() }
        for task in waiting { task.resume(returning: .refusal(Pool.closed)) }
    }

    private static let closed = PostgresError.unreachable(reason: "the pool is closed")

    private func borrow() async throws(PostgresError) -> Connection {
        switch await grant() {
        case .connection(let connection): return connection
        case .permission(let ticket): return try await connect(ticket)
        case .refusal(let error): throw error
        }
    }

    private func grant() async -> Grant {
        await withCheckedContinuation { continuation in
            let grant: Grant? = state.withLock { state in
                if state.isClosed { return .refusal(Pool.closed) }
                while let connection = state.idle.popLast() {
                    if isUsable(connection) { return .connection(connection) }
                    connection.close()
                    state.count -= 1
                }
                if state.count < size { return permission(&state) }
                // Nobody waits for connections that may never come back.
                if circuit.state != .closed { return .refusal(.unreachable(reason: state.reason)) }
                if state.waiting.count >= maximumWaiting { return .refusal(.overloaded) }
                state.waiting.append(continuation)
                return nil
            }
            if let grant { continuation.resume(returning: grant) }
        }
    }

    /// The right to make a connection, unless the server is taken to be away.
    private func permission(_ state: inout State) -> Grant {
        do throws(CircuitOpen) {
            let ticket = try circuit.admit()
            state.count += 1
            return .permission(ticket)
        } catch {
            return .refusal(.unreachable(reason: state.reason))
        }
    }

    private func connect(_ ticket: Circuit.Ticket) async throws(PostgresError) -> Connection {
        do {
            let connection = try await Connection.open(target, logger: logger)
            circuit.report(.success, of: ticket)
            return connection
        } catch {
            circuit.report(.failure, of: ticket)
            let refused = state.withLock { state in
                state.reason = "\(error)"
                state.count -= 1
                defer { state.waiting = [] }
                return state.waiting
            }
            for task in refused { task.resume(returning: .refusal(error)) }
            throw error
        }
    }

    private func giveBack(_ connection: Connection) {
        let next: (CheckedContinuation<Grant, Never>, Grant)? = state.withLock { state in
            let isUsable = isUsable(connection) && !state.isClosed
            if !isUsable { state.count -= 1 }
            if let task = state.waiting.popFirst() {
                return (task, isUsable ? .connection(connection) : permission(&state))
            }
            if isUsable { state.idle.append(connection) }
            return nil
        }
        if let (task, grant) = next { task.resume(returning: grant) }
        if !isUsable(connection) || state.withLock({ $0.isClosed }) { connection.close() }
    }

    /// A session with a server of an earlier history serves nobody any more.
    private func isUsable(_ connection: Connection) -> Bool {
        connection.isOpen && connection.history == (target.history?.number ?? 0)
    }
}
