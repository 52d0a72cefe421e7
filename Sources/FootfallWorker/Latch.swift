import Synchronization

/// A signal that is given once and stays given. Any number of tasks wait for it, one after another or at a time.
///
/// An `AsyncStream` does not serve for that: it ends for all where one task that iterates over it is cancelled.
final class Latch: Sendable {
    private struct State {
        var isSet = false
        var nextWaiter = 0
        var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
    }

    private let state = Mutex(State())

    /// Lets go on all who wait, now and later.
    func set() {
        let waiters = state.withLock { state in
            defer { state.waiters = [:] }
            state.isSet = true
            return state.waiters
        }
        for waiter in waiters.values { waiter.resume() }
    }

    /// Returns once the signal is given, or the task is cancelled.
    func wait() async {
        let number = state.withLock { state in
            defer { state.nextWaiter += 1 }
            return state.nextWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { waiter in
                let goesOn = state.withLock { state in
                    // Asked under the lock: a cancellation before this one is seen here, a later one finds the waiter.
                    if state.isSet || Task.isCancelled { return true }
                    state.waiters[number] = waiter
                    return false
                }
                if goesOn { waiter.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: number) }?.resume()
        }
    }
}
