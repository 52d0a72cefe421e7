import DequeModule
import EventSourcing
import Synchronization

/// A number of permits, of which one user holds some at most, each for as long as something refers to it.
///
/// Who comes when the user holds all of theirs is refused, or waits for one, in the order in which the user's requests
/// came. Permits that other users hold are not waited for.
package final class Semaphore: Sendable {
    private struct Waiter {
        let number: Int64
        /// Whether it has a permit.
        let continuation: CheckedContinuation<Bool, Never>
    }

    private struct Share {
        var held = 0
        var waiters: Deque<Waiter> = []
    }

    private struct State {
        var held = 0
        /// Of the users who hold some.
        var shares: [ExactText: Share] = [:]
        var nextWaiter: Int64 = 0
    }

    package let maximum: Int
    package let maximumOfUser: Int
    package let maximumWaiting: Int
    package let timeout: Duration
    private let state = Mutex(State())

    /// - Parameters:
    ///   - maximum: how many permits there are.
    ///   - maximumOfUser: how many of them one user may hold: at least one.
    ///   - maximumWaiting: how many requests of a user may wait for one.
    ///   - timeout: how long each of these waits.
    package init(
        _ maximum: Int = .max, ofUser maximumOfUser: Int = .max, maximumWaiting: Int = 0, timeout: Duration = .zero
    ) {
        self.maximum = maximum
        self.maximumOfUser = maximumOfUser
        self.maximumWaiting = maximumWaiting
        self.timeout = timeout
    }

    /// How many of a user's requests wait for a permit.
    package func waiting(of user: String) -> Int { state.withLock { $0.shares[ExactText(user)]?.waiters.count ?? 0 } }

    /// nil where all are held, or all that this user may have. Where users do not matter, all are the empty one.
    package func take(for user: String = "") -> Permit? {
        let user = ExactText(user)
        return state.withLock { take(for: user, &$0) } ? Permit(self, user) : nil
    }

    /// Takes one also where none is left: for a request that held one before and goes on.
    package func retake(for user: String = "") -> Permit {
        let user = ExactText(user)
        state.withLock { add(for: user, &$0) }
        return Permit(self, user)
    }

    /// Takes one, and waits for it where the user holds all of theirs.
    /// - Returns: nil where too many of the user's requests wait already, or it takes too long; also where the task is
    ///   cancelled while it waits.
    package func wait(for user: String) async -> Permit? {
        if let permit = take(for: user) { return permit }
        let user = ExactText(user)
        let number = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        let isTaken = await withTaskGroup(of: Bool?.self) { group in
            group.addTask { await self.join(user, number) }
            group.addTask { [timeout] in
                try? await Task.sleep(for: timeout)  // a task that is cancelled does not wait any longer either
                self.leave(user, number)
                return nil
            }
            for await case let isTaken? in group {
                group.cancelAll()
                return isTaken
            }
            return false
        }
        return isTaken ? Permit(self, user) : nil
    }

    private func take(for user: ExactText, _ state: inout State) -> Bool {
        guard state.held < maximum, state.shares[user]?.held ?? 0 < maximumOfUser else { return false }
        add(for: user, &state)
        return true
    }

    private func add(for user: ExactText, _ state: inout State) {
        state.held += 1
        state.shares[user, default: Share()].held += 1
    }

    /// Queues a waiter.
    /// - Returns: whether it was given a permit.
    private func join(_ user: ExactText, _ number: Int64) async -> Bool {
        await withCheckedContinuation { continuation in
            let answer: Bool? = state.withLock { state in
                if take(for: user, &state) { return true }
                // Who holds none would be given none either: a permit is handed on by the user's own requests.
                guard let share = state.shares[user], share.held >= maximumOfUser,
                    share.waiters.count < maximumWaiting, !Task.isCancelled
                else { return false }
                state.shares[user]?.waiters.append(Waiter(number: number, continuation: continuation))
                return nil
            }
            if let answer { continuation.resume(returning: answer) }
        }
    }

    private func leave(_ user: ExactText, _ number: Int64) {
        let waiter: Waiter? = state.withLock { state in
            guard let index = state.shares[user]?.waiters.firstIndex(where: { $0.number == number }) else { return nil }
            return state.shares[user]?.waiters.remove(at: index)
        }
        waiter?.continuation.resume(returning: false)
    }

    /// Gives a permit back, or on to the user's next request.
    private func giveBack(_ user: ExactText) {
        let next: Waiter? = state.withLock { state in
            // More than the maximum are held where some were taken again.
            if let share = state.shares[user], share.held <= maximumOfUser, !share.waiters.isEmpty {
                return state.shares[user]?.waiters.popFirst()
            }
            state.held -= 1
            state.shares[user]?.held -= 1
            if state.shares[user]?.held == 0 { state.shares[user] = nil }
            return nil
        }
        next?.continuation.resume(returning: true)
    }

    /// Held until nothing refers to it any more, whatever became of the answer.
    package final class Permit: Sendable {
        private let semaphore: Semaphore
        private let user: ExactText

        fileprivate init(_ semaphore: Semaphore, _ user: ExactText) {
            self.semaphore = semaphore
            self.user = user
        }

        deinit { semaphore.giveBack(user) }
    }
}
