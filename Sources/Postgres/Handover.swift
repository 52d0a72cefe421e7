import DequeModule
import Dispatch
import Synchronization

/// Passes elements between the session's thread, which may block, and one task, which may not, in either direction.
/// It holds at most `capacity` elements: the side that is ahead waits for the other.
///
/// Sendable because all state is under the mutex; the semaphore only wakes the thread to look at it again.
final class Handover<Element: Sendable>: Sendable {
    private struct State {
        var elements: Deque<Element> = []
        /// The sender's last word: no further element comes.
        var end: Result<Void, PostgresError>?
        /// The receiver takes nothing more.
        var isAbandoned = false
        var task: CheckedContinuation<Void, Never>?
        var isThreadWaiting = false
        var changes = 0
    }

    private let capacity: Int
    private let state = Mutex(State())
    private let bell = DispatchSemaphore(value: 0)

    init(capacity: Int) { self.capacity = capacity }

    /// Says that no further element comes; what is there is still received. Only the first end counts.
    func finish(_ end: Result<Void, PostgresError>) {
        change { state in state.end = state.end ?? end }
    }

    /// Says that nothing more will be received, and throws away what waits.
    func abandon() {
        change { state in
            state.isAbandoned = true
            state.elements = []
        }
    }

    var isAbandoned: Bool { state.withLock { $0.isAbandoned } }

    /// Blocks the thread while there is no room; false where nobody receives any more.
    func sendFromThread(_ element: Element) -> Bool {
        blockUntil { state in
            if state.isAbandoned { return false }
            if state.elements.count >= capacity { return nil }
            state.elements.append(element)
            return true
        }
    }

    /// Blocks the thread until there is an element; nil at the end.
    func receiveOnThread() -> Result<Element?, PostgresError> {
        blockUntil { state in next(&state) }
    }

    /// Waits until there is room; false where nobody receives any more.
    /// - Throws: `CancellationError` where the task is cancelled; the element was then not sent.
    func send(_ element: Element) async throws -> Bool {
        try await waitUntil { state in
            if state.isAbandoned { return false }
            if state.elements.count >= self.capacity { return nil }
            state.elements.append(element)
            return true
        }
    }

    /// Waits for an element; nil at the end.
    /// - Throws: the sender's `PostgresError`, or `CancellationError` where the task is cancelled.
    func receive() async throws -> Element? {
        try await waitUntil { state in self.next(&state) }.get()
    }

    private func next(_ state: inout State) -> Result<Element?, PostgresError>? {
        if let element = state.elements.popFirst() { return .success(element) }
        return state.end.map { $0.map { nil } }
    }

    private func change(_ body: (inout State) -> Void) {
        let task = state.withLock { state in
            body(&state)
            return wakeOthers(&state)
        }
        task?.resume()
    }

    /// Wakes the thread, if it sleeps, and returns the task that is to be resumed.
    private func wakeOthers(_ state: inout State) -> CheckedContinuation<Void, Never>? {
        state.changes += 1
        if state.isThreadWaiting {
            state.isThreadWaiting = false
            bell.signal()
        }
        return state.task.take()
    }

    private func blockUntil<Value>(_ attempt: (inout State) -> Value?) -> Value {
        while true {
            let (value, task) = state.withLock { state -> (Value?, CheckedContinuation<Void, Never>?) in
                if let value = attempt(&state) { return (value, wakeOthers(&state)) }
                state.isThreadWaiting = true
                return (nil, nil)
            }
            task?.resume()
            if let value { return value }
            bell.wait()
        }
    }

    private func waitUntil<Value>(_ attempt: (inout State) -> Value?) async throws -> Value {
        while true {
            try Task.checkCancellation()
            let (value, changes) = state.withLock { state -> (Value?, Int) in
                let value = attempt(&state)
                // The task is this one, so there is none to resume.
                if value != nil { _ = wakeOthers(&state) }
                return (value, state.changes)
            }
            if let value { return value }
            await waitForChange(after: changes)
        }
    }

    /// Returns as well where the task is cancelled.
    private func waitForChange(after changes: Int) async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    if Task.isCancelled || state.changes != changes { return true }
                    state.task = continuation
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.task.take() }?.resume()
        }
    }
}
