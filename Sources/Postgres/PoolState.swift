import DequeModule
import Resilience

/// Who waits for a connection of a pool, which connections there are, and when another one is made: a state machine that
/// waits for nothing itself. After each change `settle` tells what is to be done.
struct PoolState {
    typealias Waiting = CheckedContinuation<Result<Connection, PostgresError>, Never>

    enum Action {
        /// To be done outside of the lock, as the other.
        case answer(Waiting, Result<Connection, PostgresError>)
        /// Make a connection, and tell `connected` what came of it.
        case connect(Circuit.Ticket)
        /// It serves nobody any more.
        case close(Connection)
    }

    private let size: Int
    private let maximumWaiting: Int
    /// Whether it is open, and on the history of the database that is known now.
    private let isUsable: @Sendable (Connection) -> Bool
    private var idle: [Connection] = []
    private var lent = 0
    /// Attempts to connect that are under way.
    private var connecting = 0
    private var waiting: Deque<Waiting> = []
    private var isClosed = false
    /// What came of the last attempt to connect that failed.
    private var failure = PostgresError.unreachable(reason: "the database could not be reached")
    /// Of a server that is there and has no session to spare: when it is asked again.
    private var fullUntil: ContinuousClock.Instant?
    private var pauses = Backoff(first: .milliseconds(50), longest: .seconds(2))

    init(size: Int, maximumWaiting: Int, isUsable: @escaping @Sendable (Connection) -> Bool) {
        self.isUsable = isUsable
        self.size = size
        self.maximumWaiting = maximumWaiting
    }

    mutating func wait(_ task: Waiting) { waiting.append(task) }

    /// - Returns: the connection, where it is to be closed.
    mutating func takeBack(_ connection: Connection) -> Connection? {
        lent -= 1
        return keep(connection)
    }

    /// - Returns: the connection, where it is to be closed.
    mutating func connected(
        _ outcome: Result<Connection, PostgresError>, at now: ContinuousClock.Instant
    ) -> Connection? {
        connecting -= 1
        switch outcome {
        case .success(let connection):
            fullUntil = nil
            pauses.reset()
            return keep(connection)
        case .failure(let error):
            failure = error
            if case .full = error { fullUntil = now + pauses.next() }
            return nil
        }
    }

    private mutating func keep(_ connection: Connection) -> Connection? {
        if isClosed || !isUsable(connection) { return connection }
        idle.append(connection)
        return nil
    }

    /// - Returns: the connections that are to be closed.
    mutating func close() -> [Connection] {
        isClosed = true
        failure = .unreachable(reason: "the pool is closed")
        defer { idle = [] }
        return idle
    }

    mutating func settle(_ circuit: CircuitBreaker, at now: ContinuousClock.Instant) -> [Action] {
        var actions: [Action] = []
        while !waiting.isEmpty, let connection = idle.popLast() {
            guard isUsable(connection) else {
                actions.append(.close(connection))
                continue
            }
            lent += 1
            actions.append(.answer(waiting.removeFirst(), .success(connection)))
        }
        if !isClosed, fullUntil.map({ $0 <= now }) ?? true {
            while connecting < waiting.count, idle.count + lent + connecting < size, let ticket = try? circuit.admit() {
                connecting += 1
                actions.append(.connect(ticket))
            }
        }
        while waiting.count > mayWait(circuit) {
            actions.append(.answer(waiting.removeLast(), .failure(refusal(circuit))))
        }
        return actions
    }

    /// How many tasks may wait: nobody waits for connections that may never come back.
    private func mayWait(_ circuit: CircuitBreaker) -> Int {
        if isClosed { return 0 }
        if circuit.state != .closed { return connecting }
        return lent + connecting == 0 ? 0 : connecting + maximumWaiting
    }

    private func refusal(_ circuit: CircuitBreaker) -> PostgresError {
        let isOverloaded = !isClosed && circuit.state == .closed && lent + connecting > 0
        return isOverloaded ? .overloaded : failure
    }
}
