import DequeModule
import EventSourcing
import Synchronization

/// Gathers concurrent appends into batches: one is written at a time, and what arrives meanwhile makes up the next.
///
/// There is no task of its own: the first caller to find nothing under way writes for all that wait, then hands that
/// duty to the first of those who came since.
package final class GroupCommit: Sendable {
    package struct Limits: Sendable {
        /// How many appends one batch takes, unless a single call brings more.
        package var appendsPerBatch = 2000
        /// How many bytes of events one batch takes, unless a single call brings more.
        package var bytesPerBatch = 8 << 20
        /// How many appends may wait; beyond it a call is refused at once.
        package var waitingAppends = 20_000

        package init() {}
    }

    package typealias Outcome = Result<[AppendOutcome], EventLogError>

    /// What writing a batch came to.
    package enum Written: Sendable {
        case known(Outcome)
        /// The answer was lost. `resolve` finds out what became of the batch and may take a while, in which other
        /// batches are written.
        case lost(resolve: @Sendable () async -> Outcome)
    }

    package typealias Write = @Sendable ([Append]) async -> Written

    private enum Wake {
        case lead
        case done(Outcome)
    }

    private struct Call {
        let appends: [Append]
        let byteCount: Int
        /// Nil once its caller was told to lead.
        var continuation: CheckedContinuation<Wake, Never>?
    }

    private struct State {
        var calls: Deque<Call> = []
        var waitingAppends = 0
        var isWriting = false
    }

    private let limits: Limits
    private let write: Write
    private let state = Mutex(State())

    package init(limits: Limits, write: @escaping Write) {
        self.limits = limits
        self.write = write
    }

    /// How many appends wait to be written, those under way not counted.
    package var waitingAppends: Int { state.withLock { $0.waitingAppends } }

    package func append(_ appends: [Append]) async throws(EventLogError) -> [AppendOutcome] {
        let byteCount = appends.reduce(0) { $0 + $1.events.reduce(0) { $0 + $1.data.count } }
        let wake = await withCheckedContinuation { continuation in
            let immediate: Wake? = state.withLock { state in
                if state.waitingAppends > 0, state.waitingAppends + appends.count > limits.waitingAppends {
                    return .done(.failure(.overloaded))
                }
                state.waitingAppends += appends.count
                let leads = !state.isWriting
                state.isWriting = true
                state.calls.append(
                    Call(appends: appends, byteCount: byteCount, continuation: leads ? nil : continuation))
                return leads ? .lead : nil
            }
            if let immediate { continuation.resume(returning: immediate) }
        }
        switch wake {
        case .done(let outcome): return try outcome.get()
        case .lead: return try await lead().get()
        }
    }

    /// Writes the calls at the head of the queue, the first of which is the leader's own.
    private func lead() async -> Outcome {
        let batch = takeBatch()
        let written = await write(batch.flatMap(\.appends))
        var outcomes: [Outcome]
        switch written {
        case .known(.failure(.storage)) where batch.count > 1: outcomes = await eachByItself(batch)
        case .known(let whole): outcomes = parts(of: whole, for: batch)
        case .lost(let resolve):
            handOver()
            // Others wait for the answer too: the end of this caller's task must not end the search for it.
            outcomes = parts(of: await Task { await resolve() }.value, for: batch)
        }
        for (call, outcome) in zip(batch, outcomes).dropFirst() { call.continuation?.resume(returning: .done(outcome)) }
        if case .known = written { handOver() }
        return outcomes[0]
    }

    private func handOver() {
        let successor = state.withLock { state in
            state.isWriting = !state.calls.isEmpty
            return state.calls.isEmpty ? nil : state.calls[0].continuation.take()
        }
        successor?.resume(returning: .lead)
    }

    private func takeBatch() -> [Call] {
        state.withLock { state in
            var batch: [Call] = []
            var appendCount = 0
            var byteCount = 0
            while let call = state.calls.first {
                appendCount += call.appends.count
                byteCount += call.byteCount
                if !batch.isEmpty, appendCount > limits.appendsPerBatch || byteCount > limits.bytesPerBatch { break }
                state.waitingAppends -= call.appends.count
                batch.append(state.calls.removeFirst())
            }
            return batch
        }
    }

    private func parts(of whole: Outcome, for batch: [Call]) -> [Outcome] {
        guard case .success(let all) = whole else { return batch.map { _ in whole } }
        var rest = all[...]
        return batch.map { call in
            defer { rest = rest.dropFirst(call.appends.count) }
            return .success(Array(rest.prefix(call.appends.count)))
        }
    }

    /// Writes the calls of a batch that the store refused for something in it one by one, so that one caller's bad data
    /// fails no other's.
    private func eachByItself(_ batch: [Call]) async -> [Outcome] {
        var outcomes: [Outcome] = []
        for call in batch {
            switch await write(call.appends) {
            case .known(let outcome): outcomes.append(outcome)
            case .lost(let resolve): outcomes.append(await Task { await resolve() }.value)
            }
        }
        return outcomes
    }
}
