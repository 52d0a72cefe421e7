import DequeModule
import Logging
import Synchronization

/// A bounded number of connections, each lent to one task at a time.
///
/// Connections are made when they are needed and kept. While the server is away every call fails at once with
/// `PostgresError.unreachable`; attempts to connect are spaced by a growing, jittered pause.
package final class Pool: Sendable {
    private struct State {
        var idle: [Connection] = []
        /// Connections that are lent, idle or being made.
        var count = 0
        var waiting: Deque<CheckedContinuation<Grant, Never>> = []
        var isClosed = false
        var pause: Pause?
    }

    /// What a waiting task is given: a connection, the right to make one, or an end.
    private enum Grant {
        case connection(Connection)
        case permission
        case refusal(PostgresError)
    }

    private struct Pause {
        var until: ContinuousClock.Instant
        var length: Duration
        var reason: String
    }

    private static let shortestPause = Duration.milliseconds(50)
    private static let longestPause = Duration.seconds(2)

    private let target: ConnectionTarget
    /// How many connections there are at most.
    package let size: Int
    private let maximumWaiting: Int
    private let logger: Logger
    private let state = Mutex(State())

    /// - Parameter maximumWaiting: how many tasks may wait for a connection; beyond it a call fails with
    ///   `PostgresError.overloaded`.
    package init(_ target: ConnectionTarget, size: Int = 8, maximumWaiting: Int = 10_000, logger: Logger) {
        self.target = target
        self.size = size
        self.maximumWaiting = maximumWaiting
        self.logger = logger
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
        case .permission: return try await connect()
        case .refusal(let error): throw error
        }
    }

    private func grant() async -> Grant {
        await withCheckedContinuation { continuation in
            let grant: Grant? = state.withLock { state in
                if state.isClosed { return .refusal(Pool.closed) }
                while let connection = state.idle.popLast() {
                    if connection.isOpen { return .connection(connection) }
                    state.count -= 1
                }
                if let pause = state.pause, ContinuousClock.now < pause.until {
                    return .refusal(.unreachable(reason: pause.reason))
                }
                if state.count < size {
                    state.count += 1
                    return .permission
                }
                if state.waiting.count >= maximumWaiting { return .refusal(.overloaded) }
                state.waiting.append(continuation)
                return nil
            }
            if let grant { continuation.resume(returning: grant) }
        }
    }

    private func connect() async throws(PostgresError) -> Connection {
        do {
            let connection = try await Connection.open(target, logger: logger)
            state.withLock { $0.pause = nil }
            return connection
        } catch {
            let refused = state.withLock { state in
                let length = min(Pool.longestPause, (state.pause?.length ?? Pool.shortestPause / 2) * 2)
                let jittered = length * Double.random(in: 0.5...1)
                state.pause = Pause(until: .now + jittered, length: length, reason: "\(error)")
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
            let isUsable = connection.isOpen && !state.isClosed
            if let task = state.waiting.popFirst() {
                return (task, isUsable ? .connection(connection) : .permission)
            }
            if isUsable { state.idle.append(connection) } else { state.count -= 1 }
            return nil
        }
        if let (task, grant) = next { task.resume(returning: grant) }
        if state.withLock({ $0.isClosed }) { connection.close() }
    }
}
