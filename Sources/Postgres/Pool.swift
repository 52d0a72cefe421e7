import Logging
import Resilience
import Synchronization

/// A bounded number of connections, each lent to one task at a time.
///
/// Connections are made when they are needed and kept. A task that asks for one is given the first that is free, be it
/// a new one or one that comes back: no task is bound to an attempt to connect.
///
/// While the server is away every call fails at once with `PostgresError.unreachable`: a circuit keeps attempts to
/// connect apart. It is the attempt to connect alone that tells whether the server is there, and the first one that
/// fails opens the circuit: a session that was lost is replaced by another, which finds that out, and what the server
/// refuses is an answer. A server that is there and has no session to spare is asked for one now and then, and a task
/// that comes meanwhile waits for the sessions that there are; where there is none, the call fails with
/// `PostgresError.full`.
package final class Pool: Sendable {
    private let target: ConnectionTarget
    /// How many connections there are at most.
    package let size: Int
    private let logger: Logger
    private let state: Mutex<PoolState>
    /// Whether the server is taken to be there.
    package let circuit: CircuitBreaker

    /// On which history of the database the connections are; nil where that is not asked.
    package var history: History? { target.history }

    /// - Parameter maximumWaiting: how many tasks may wait for a connection; beyond it a call fails with
    ///   `PostgresError.overloaded`.
    package init(_ target: ConnectionTarget, size: Int = 8, maximumWaiting: Int = 10_000, logger: Logger) {
        self.target = target
        self.size = size
        self.logger = logger
        // A session with a server of an earlier history serves nobody any more.
        state = Mutex(
            PoolState(size: size, maximumWaiting: maximumWaiting) {
                $0.isOpen && $0.history == (target.history?.number ?? 0)
            })
        circuit = CircuitBreaker(
            target.applicationName.replacing(" ", with: "_"),
            Circuit.Rule(failures: 1, firstPause: .milliseconds(50), longestPause: .seconds(2)))
    }

    /// Lends a connection for as long as `body` runs; transactions are made with `Connection.transaction`, which
    /// leaves none open.
    package func withConnection<Value>(_ body: (Connection) async throws -> Value) async throws -> Value {
        let connection = try await borrow()
        defer { giveBack(connection) }
        return try await body(connection)
    }

    /// Runs one statement on whichever connection is free.
    @discardableResult
    package func query(_ sql: String) async throws(PostgresError) -> Rows { try await query(sql, []) }

    @discardableResult
    func query(_ sql: String, _ parameters: [Parameter]) async throws(PostgresError) -> Rows {
        let connection = try await borrow()
        defer { giveBack(connection) }
        return try await connection.query(sql, parameters)
    }

    /// Runs one statement on whichever connection is free.
    /// - Parameter isShared: whether others than this task wait for the rows, too.
    package func query(_ statement: Statement, isShared: Bool = false) async throws(PostgresError) -> Rows {
        let connection = try await borrow()
        defer { giveBack(connection) }
        return try await connection.pipeline([statement], isShared: isShared)[0]
    }

    /// Closes what is idle, and what is lent when it comes back; callers that wait are refused.
    package func close() {
        for connection in change({ $0.close() }) { connection.close() }
    }

    private func borrow() async throws(PostgresError) -> Connection {
        let outcome = await withCheckedContinuation { (task: PoolState.Waiting) in
            change { $0.wait(task) }
        }
        return try outcome.get()
    }

    private func giveBack(_ connection: Connection) {
        if let refused = change({ $0.takeBack(connection) }) { refused.close() }
    }

    /// Changes the state, and does what it asks for then.
    private func change<Value: Sendable>(_ change: (inout PoolState) -> Value) -> Value {
        let (value, actions) = state.withLock { state in
            let value = change(&state)
            return (value, state.settle(circuit, at: .now))
        }
        for action in actions {
            switch action {
            case .answer(let task, let outcome): task.resume(returning: outcome)
            // No caller is bound to it: it keeps nothing of the task that happened to need a connection, such as a
            // place.
            case .connect(let ticket): Task.detached { await self.connect(ticket) }
            case .close(let connection): connection.close()
            }
        }
        return value
    }

    private func connect(_ ticket: Circuit.Ticket) async {
        let outcome: Result<Connection, PostgresError>
        do throws(PostgresError) { outcome = .success(try await Connection.open(target, logger: logger)) } catch {
            outcome = .failure(error)
        }
        switch outcome {
        case .success, .failure(.full): circuit.report(.success, of: ticket)
        case .failure: circuit.report(.failure, of: ticket)
        }
        if let refused = change({ $0.connected(outcome, at: .now) }) { refused.close() }
    }
}
