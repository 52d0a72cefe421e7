import EventSourcing
import Synchronization

/// Gathers concurrent appends into batches: while one is written, what arrives makes up the next.
///
/// The store takes batches one after another, but there is work around that, on both sides, that need not wait for its
/// turn: so with several writers a further batch sets out before the one under way has ended, once it has grown as
/// large as what is under way. A smaller one would cost more than it gains, and waits.
///
/// Users take turns, so that one who appends much, or means harm, keeps only themselves waiting.
///
/// There is no task of its own: the first caller to find nothing under way writes for all that wait, then hands that
/// duty to the first of those who came since.
package final class GroupCommit: Sendable {
    package struct Limits: Sendable {
        /// How many appends one batch takes, unless a single call brings more.
        package var appendsPerBatch = 2000
        /// How many bytes of events one batch takes, unless a single call brings more.
        package var bytesPerBatch = 8 << 20
        /// How many appends may wait; beyond it a call is refused at once, unless its user has none waiting.
        package var waitingAppends = 20_000
        /// How many of them may be of one user.
        package var waitingAppendsOfOne = 5000
        /// How many bytes of events of one user may wait.
        package var waitingBytesOfOne = 32 << 20

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
        /// Write the next batch with this writer.
        case lead(writer: Int)
        case done(Outcome)
    }

    private struct Call {
        /// In whose name the appends are made; all of a call are of one.
        let user: ExactText
        let appends: [Append]
        let byteCount: Int
        /// Nil once its caller was told to lead.
        var continuation: CheckedContinuation<Wake, Never>?
    }

    /// What waits of one user.
    private struct Load {
        var appends = 0
        var bytes = 0
    }

    private struct State {
        /// That of a leader that has yet to take its batch is the first one.
        var calls = FairQueue<Call>()
        var waitingAppends = 0
        var loads: [ExactText: Load] = [:]
        var idleWriters: [Int]
        /// How many appends each writer has under way; of one whose leader has yet to take its batch, none.
        var underWay: [Int]
        /// A leader has been named and has yet to take its batch.
        var isLeaderDue = false

        /// Names the first call's caller leader where a batch is due now.
        mutating func nextLeader() -> (continuation: CheckedContinuation<Wake, Never>, writer: Int)? {
            guard !isLeaderDue, let writer = idleWriters.last, waitingAppends >= underWay.reduce(0, +),
                let continuation = calls.first?.continuation
            else { return nil }
            idleWriters.removeLast()
            isLeaderDue = true
            calls.first?.continuation = nil
            return (continuation, writer)
        }

        /// Whether a call may wait for its turn.
        func hasRoom(for call: Call, _ limits: Limits) -> Bool {
            guard let load = loads[call.user] else { return true }
            return waitingAppends + call.appends.count <= limits.waitingAppends
                && load.appends + call.appends.count <= limits.waitingAppendsOfOne
                && load.bytes + call.byteCount <= limits.waitingBytesOfOne
        }

        mutating func add(_ call: Call) {
            waitingAppends += call.appends.count
            loads[call.user, default: Load()].appends += call.appends.count
            loads[call.user, default: Load()].bytes += call.byteCount
            calls.append(call, of: call.user)
        }

        mutating func takeFirst() -> Call? {
            guard let call = calls.popFirst() else { return nil }
            waitingAppends -= call.appends.count
            loads[call.user]?.appends -= call.appends.count
            loads[call.user]?.bytes -= call.byteCount
            if loads[call.user]?.appends == 0 { loads[call.user] = nil }
            return call
        }
    }

    private let limits: Limits
    private let writers: [Write]
    private let state: Mutex<State>

    /// - Parameter writers: at least one; each writes one batch at a time.
    package init(limits: Limits, writers: [Write]) {
        self.limits = limits
        self.writers = writers
        state = Mutex(
            State(
                idleWriters: Array(writers.indices.reversed()), underWay: Array(repeating: 0, count: writers.count)))
    }

    /// How many appends wait to be written, those under way not counted.
    package var waitingAppends: Int { state.withLock { $0.waitingAppends } }

    package func append(_ appends: [Append]) async throws(EventLogError) -> [AppendOutcome] {
        let byteCount = appends.reduce(0) { $0 + $1.events.reduce(0) { $0 + $1.data.count } }
        let wake = await withCheckedContinuation { continuation in
            let leader = state.withLock { state -> (continuation: CheckedContinuation<Wake, Never>, wake: Wake)? in
                let call = Call(
                    user: ExactText(appends.first?.metadata.actor ?? ""), appends: appends, byteCount: byteCount,
                    continuation: continuation)
                guard state.hasRoom(for: call, limits) else { return (continuation, .done(.failure(.overloaded))) }
                state.add(call)
                return state.nextLeader().map { ($0.continuation, .lead(writer: $0.writer)) }
            }
            if let leader { leader.continuation.resume(returning: leader.wake) }
        }
        switch wake {
        case .done(let outcome): return try outcome.get()
        case .lead(let writer): return try await lead(with: writer).get()
        }
    }

    /// Writes the next calls of the queue, the first of which is the leader's own.
    private func lead(with writer: Int) async -> Outcome {
        let batch = takeBatch(for: writer)
        let write = writers[writer]
        let written = await write(batch.flatMap(\.appends))
        var outcomes: [Outcome]
        switch written {
        case .known(.failure(.storage)) where batch.count > 1, .known(.failure(.superseded)) where batch.count > 1,
            .known(.failure(.historyChanged)) where batch.count > 1:
            outcomes = await eachByItself(batch, write)
        case .known(let whole): outcomes = parts(of: whole, for: batch)
        case .lost(let resolve):
            release(writer)
            // Others wait for the answer too: the end of this caller's task must not end the search for it.
            outcomes = parts(of: await Task { await resolve() }.value, for: batch)
        }
        for (call, outcome) in zip(batch, outcomes).dropFirst() { call.continuation?.resume(returning: .done(outcome)) }
        if case .known = written { release(writer) }
        return outcomes[0]
    }

    /// The writer's batch has ended: another may begin.
    private func release(_ writer: Int) {
        let leader = state.withLock { state in
            state.underWay[writer] = 0
            state.idleWriters.append(writer)
            return state.nextLeader()
        }
        if let leader { leader.continuation.resume(returning: .lead(writer: leader.writer)) }
    }

    private func takeBatch(for writer: Int) -> [Call] {
        let (batch, leader) = state.withLock { state in
            var batch: [Call] = []
            var appendCount = 0
            var byteCount = 0
            while let call = state.calls.first {
                appendCount += call.appends.count
                byteCount += call.byteCount
                if !batch.isEmpty, appendCount > limits.appendsPerBatch || byteCount > limits.bytesPerBatch { break }
                guard let call = state.takeFirst() else { break }
                state.underWay[writer] += call.appends.count
                batch.append(call)
            }
            state.isLeaderDue = false
            return (batch, state.nextLeader())
        }
        if let leader { leader.continuation.resume(returning: .lead(writer: leader.writer)) }
        return batch
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
    private func eachByItself(_ batch: [Call], _ write: Write) async -> [Outcome] {
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
