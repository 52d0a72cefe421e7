import Logging
import Postgres
import Synchronization

/// How far the read models have come, for those who wait to read their own writes.
///
/// Looks into the database only while somebody waits: at once for a newcomer, then whenever a projection has moved.
package final class Checkpoints: Sendable {
    static let channel = "footfall_projections"

    private struct Waiter {
        let projections: [String]
        let position: Int64
        let continuation: CheckedContinuation<Bool, Never>
    }

    private struct State {
        var waiters: [Int: Waiter] = [:]
        var nextID = 0
        var isStopped = false
    }

    private let pool: Pool
    private let listener: Listener
    private let logger: Logger
    private let maximumWaiting: Int
    private let state = Mutex(State())
    private let looks: AsyncStream<Void>
    private let look: AsyncStream<Void>.Continuation

    package init(pool: Pool, listener: Listener, maximumWaiting: Int = 10_000, logger: Logger) {
        self.pool = pool
        self.listener = listener
        self.logger = logger
        self.maximumWaiting = maximumWaiting
        (looks, look) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    /// Waits until the active builds of all these projections reflect `position`.
    /// - Returns: false where `limit` passes first, the task is cancelled, this has stopped or too many wait.
    package func wait(for projections: [String], toReach position: Int64, limit: Duration) async -> Bool {
        await withTaskGroup(of: Bool.self) { group in
            group.addTask { await self.wait(for: projections, toReach: position) }
            group.addTask {
                try? await Task.sleep(for: limit)  // cancellation ends the wait early
                return false
            }
            let isReached = await group.next() ?? false
            group.cancelAll()
            return isReached
        }
    }

    private func wait(for projections: [String], toReach position: Int64) async -> Bool {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isAdmitted = state.withLock { state in
                    if state.isStopped || Task.isCancelled || state.waiters.count >= maximumWaiting { return false }
                    state.waiters[id] = Waiter(projections: projections, position: position, continuation: continuation)
                    return true
                }
                if isAdmitted { look.yield() } else { continuation.resume(returning: false) }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: id) }?.continuation.resume(returning: false)
        }
    }

    /// Serves those who wait until the task is cancelled.
    package func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                for await _ in self.listener.signals(on: Self.channel) { self.look.yield() }
                self.look.finish()
            }
            for await _ in looks where state.withLock({ !$0.waiters.isEmpty }) { await lookOnce() }
        }
        let waiters = state.withLock { state in
            state.isStopped = true
            defer { state.waiters = [:] }
            return state.waiters.values.map(\.continuation)
        }
        for waiter in waiters { waiter.resume(returning: false) }
    }

    private func lookOnce() async {
        do throws(PostgresError) {
            var positions: [String: Int64] = [:]
            for row in try await pool.query("select projection, position from read.checkpoints") {
                positions[try row.text(0)] = try row.integer(1)
            }
            let reached = state.withLock { state in
                let ids = state.waiters.filter { _, waiter in
                    waiter.projections.allSatisfy { positions[$0].map { $0 >= waiter.position } ?? false }
                }.keys
                return ids.compactMap { state.waiters.removeValue(forKey: $0)?.continuation }
            }
            for waiter in reached { waiter.resume(returning: true) }
        } catch {
            logger.debug("cannot look at the checkpoints", metadata: ["reason": "\(error)"])
        }
    }
}
