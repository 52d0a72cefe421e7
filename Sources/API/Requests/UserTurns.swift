import Resilience
import Synchronization

/// Lets each user have a few requests that may take long worked on at a time. The next ones wait for their turn; where too
/// many wait already, or it takes too long, they are refused.
final class UserTurns: Sendable {
    /// The turn of the request that is being handled.
    @TaskLocal private static var current: Turn?

    private final class Turn: Sendable {
        let turns: UserTurns
        let user: String
        let permit: Mutex<Semaphore.Permit?>

        init(_ turns: UserTurns, of user: String) async throws(Problem) {
            self.turns = turns
            self.user = user
            permit = Mutex(try await turns.take(user))
        }
    }

    private let semaphore: Semaphore

    /// - Parameters:
    ///   - maximum: how many of a user's are worked on at a time.
    ///   - maximumWaiting: how many more wait.
    ///   - timeout: how long one waits.
    init(maximum: Int = 2, maximumWaiting: Int = 16, timeout: Duration = .seconds(10)) {
        semaphore = Semaphore(ofUser: maximum, maximumWaiting: maximumWaiting, timeout: timeout)
    }

    /// How many of a user's requests wait for their turn.
    func waiting(of user: String) -> Int { semaphore.waiting(of: user) }

    /// Runs `body` when it is the user's turn.
    /// - Throws: `Problem` where it does not come to it.
    func withTurn<Value>(of user: String, _ body: () async throws -> Value) async throws -> Value {
        let turn = try await Turn(self, of: user)
        defer { turn.permit.withLock { $0 = nil } }
        return try await Self.$current.withValue(turn) { try await body() }
    }

    /// Lets the user's next request have the turn of the one that is being handled while this waits for what costs the
    /// database nothing.
    /// - Throws: `Problem` where it does not get its turn again.
    static func left<Value>(_ body: () async throws -> Value) async throws -> Value {
        guard let current else { return try await body() }
        current.permit.withLock { $0 = nil }
        let value = try await body()
        let permit = try await current.turns.take(current.user)
        current.permit.withLock { $0 = permit }
        return value
    }

    private func take(_ user: String) async throws(Problem) -> Semaphore.Permit {
        if let permit = await semaphore.wait(for: user) { return permit }
        throw Problem.passing(
            .rateLimited,
            "At most \(semaphore.maximumOfUser) requests of a user that may take long are worked on at a time, and "
                + "\(semaphore.maximumWaiting) more wait for \(semaphore.timeout.components.seconds) seconds; retry."
        )
    }
}
