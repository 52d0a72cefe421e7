internal import CLibPQ
import Glibc
import Synchronization

/// A caller's wish, waiting for the session's thread.
struct Request: Sendable {
    enum Work: Sendable {
        /// Statements sent together, in one implicit transaction.
        case statements([Statement])
        /// Several statements in one text without bound values; each result is thrown away.
        case script(String)
        /// A query that the server describes and does not run.
        case description(SQLQuery)
        /// Data that is moved piece by piece, in either direction.
        case transfer(Transfer)
    }

    let work: Work
    /// Whether somebody still waits for the answer; nil where somebody always does.
    var interest: Interest?
    let reply: CheckedContinuation<Result<[Rows], PostgresError>, Never>
}

/// Whether somebody still waits for the answer to a request.
final class Interest: Sendable {
    private let hasEnded = Atomic(false)

    var isLost: Bool { hasEnded.load(ordering: .acquiring) }

    func end() { hasEnded.store(true, ordering: .releasing) }
}

/// Hands requests from any thread to the one thread that may touch the session, and wakes it only when it sleeps.
final class Inbox: Sendable {
    private struct State {
        var requests: [Request] = []
        var isSleeping = false
        var isClosing = false
        var ended: PostgresError?
    }

    /// An eventfd; readable when the sleeping thread has something to do.
    let bell: Int32
    private let state = Mutex(State())

    init() { bell = eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC)) }

    var isOpen: Bool { state.withLock { $0.ended == nil && !$0.isClosing } }

    /// Replies at once where the session has ended.
    func send(_ request: Request) {
        let refusal: PostgresError? = state.withLock { state in
            if let ended = state.ended { return ended }
            if state.isClosing { return .unreachable(reason: "the connection is closed") }
            state.requests.append(request)
            ring(&state)
            return nil
        }
        if let refusal { request.reply.resume(returning: .failure(refusal)) }
    }

    /// Asks the thread to end once what was sent is answered.
    func close() {
        state.withLock { state in
            state.isClosing = true
            ring(&state)
        }
    }

    /// All requests that wait. Where there are none, the caller is held to be asleep until it takes again, so that the
    /// next `send` rings the bell.
    func take() -> (requests: [Request], isClosing: Bool) {
        state.withLock { state in
            defer { state.requests.removeAll(keepingCapacity: true) }
            state.isSleeping = state.requests.isEmpty
            return (state.requests, state.isClosing)
        }
    }

    /// Wakes the thread whatever it waits for.
    func wake() {
        state.withLock { state in
            guard state.ended == nil else { return }
            var one: UInt64 = 1
            _ = write(bell, &one, 8)
        }
    }

    /// Empties the bell after the thread has woken.
    func silence() {
        var count: UInt64 = 0
        _ = read(bell, &count, 8)
    }

    /// Fails what still waits, and all that comes later. Called by the thread as its last act.
    func end(_ reason: PostgresError) {
        let waiting = state.withLock { state in
            defer { state.requests = [] }
            state.ended = reason
            _ = Glibc.close(bell)
            return state.requests
        }
        for request in waiting { request.reply.resume(returning: .failure(reason)) }
    }

    private func ring(_ state: inout State) {
        guard state.isSleeping, state.ended == nil else { return }
        state.isSleeping = false
        var one: UInt64 = 1
        _ = write(bell, &one, 8)
    }
}
