import DequeModule
import EventSourcing
import Synchronization

/// Lets each user have a few requests that may take long worked on at a time. The next ones wait for their turn, in the
/// order in which they came; where too many wait already, or it takes too long, they are refused.
final class UserTurns: Sendable {
    /// The turn of the request that is being handled.
    @TaskLocal private static var current: Turn?

    private final class Turn: Sendable {
        let turns: UserTurns
        let user: ExactText
        let isTaken = Atomic(true)

        init(_ turns: UserTurns, of user: ExactText) {
            self.turns = turns
            self.user = user
        }
    }

    private struct Waiting {
        let number: Int64
        /// Whether it is its turn.
        let continuation: CheckedContinuation<Bool, Never>
    }

    private struct Line {
        var running = 0
        var waiting: Deque<Waiting> = []

        mutating func runs(below maximum: Int) -> Bool {
            guard running < maximum else { return false }
            running += 1
            return true
        }
    }

    private let maximum: Int
    private let maximumWaiting: Int
    private let patience: Duration
    private let lines = Mutex<[ExactText: Line]>([:])
    private let numbers = Atomic<Int64>(0)

    /// - Parameters:
    ///   - maximum: how many of a user's are worked on at a time.
    ///   - maximumWaiting: how many more wait.
    ///   - patience: how long one waits.
    init(maximum: Int = 2, maximumWaiting: Int = 16, patience: Duration = .seconds(10)) {
        self.maximum = maximum
        self.maximumWaiting = maximumWaiting
        self.patience = patience
    }

    /// How many of a user's requests wait for their turn.
    func waiting(of user: String) -> Int { lines.withLock { $0[ExactText(user)]?.waiting.count ?? 0 } }

    /// Runs `body` when it is the user's turn.
    /// - Throws: `Problem` where it does not come to it.
    func withTurn<Value>(of user: String, _ body: () async throws -> Value) async throws -> Value {
        let user = ExactText(user)
        try await take(user)
        let turn = Turn(self, of: user)
        defer { if turn.isTaken.load(ordering: .relaxed) { giveBack(user) } }
        return try await Self.$current.withValue(turn) { try await body() }
    }

    /// Lets the user's next request have the turn of the one that is being handled while this waits for what costs the
    /// database nothing.
    /// - Throws: `Problem` where it does not get its turn again.
    static func left<Value>(_ body: () async throws -> Value) async throws -> Value {
        guard let current else { return try await body() }
        current.isTaken.store(false, ordering: .relaxed)
        current.turns.giveBack(current.user)
        let value = try await body()
        try await current.turns.take(current.user)
        current.isTaken.store(true, ordering: .relaxed)
        return value
    }

    private func take(_ user: ExactText) async throws(Problem) {
        if lines.withLock({ $0[user, default: Line()].runs(below: maximum) }) { return }
        let number = numbers.add(1, ordering: .relaxed).newValue
        let isTurn = await withTaskGroup(of: Bool?.self) { group in
            group.addTask { await self.turn(of: user, number) }
            group.addTask { [patience] in
                try? await Task.sleep(for: patience)  // whoever is cancelled has waited long enough, too
                self.giveUp(user, number)
                return nil
            }
            for await case let isTurn? in group {
                group.cancelAll()
                return isTurn
            }
            return false
        }
        if isTurn { return }
        throw Problem.passing(
            .rateLimited,
            "At most \(maximum) requests of a user that may take long are worked on at a time, and \(maximumWaiting) more "
                + "wait for \(patience.components.seconds) seconds; try again.")
    }

    private func turn(of user: ExactText, _ number: Int64) async -> Bool {
        await withCheckedContinuation { continuation in
            let answer: Bool? = lines.withLock { lines in
                if lines[user, default: Line()].runs(below: maximum) { return true }
                guard lines[user, default: Line()].waiting.count < maximumWaiting, !Task.isCancelled else {
                    return false
                }
                lines[user, default: Line()].waiting.append(Waiting(number: number, continuation: continuation))
                return nil
            }
            if let answer { continuation.resume(returning: answer) }
        }
    }

    private func giveUp(_ user: ExactText, _ number: Int64) {
        let waiting: Waiting? = lines.withLock { lines in
            guard let index = lines[user]?.waiting.firstIndex(where: { $0.number == number }) else { return nil }
            return lines[user]?.waiting.remove(at: index)
        }
        waiting?.continuation.resume(returning: false)
    }

    private func giveBack(_ user: ExactText) {
        let next: Waiting? = lines.withLock { lines in
            if let next = lines[user]?.waiting.popFirst() { return next }
            lines[user]?.running -= 1
            if lines[user]?.running == 0 { lines[user] = nil }
            return nil
        }
        next?.continuation.resume(returning: true)
    }
}
