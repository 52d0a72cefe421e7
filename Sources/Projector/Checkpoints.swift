import Logging
import Postgres
import Synchronization

/// How far the read models have come, for those who wait to read their own writes.
///
/// Looks into the database only while somebody waits: at once for a newcomer, then whenever a projection has moved; a
/// notification that is lost costs no more than the listener's poll interval. However many wait, there is one look at a
/// time, with a pause after it in which what comes meanwhile gathers.
package final class Checkpoints: Sendable {
    static let channel = "footfall_projections"

    /// Bounds the looks to some hundreds a second.
    private static let pauseAfterLook = Duration.milliseconds(2)

    private struct Waiter {
        let position: Int64
        let continuation: CheckedContinuation<Bool, Never>
    }

    private struct State {
        /// By the projections that are waited for: those who wait, by id.
        var waiters: [[String]: [Int: Waiter]] = [:]
        var count = 0
        var nextID = 0
        var isStopped = false

        mutating func remove(_ id: Int, of projections: [String]) -> Waiter? {
            guard let waiter = waiters[projections]?.removeValue(forKey: id) else { return nil }
            count -= 1
            if waiters[projections]?.isEmpty == true { waiters[projections] = nil }
            return waiter
        }

        mutating func removeAll(of projections: [String], upTo reached: Int64) -> [Waiter] {
            let ids = waiters[projections, default: [:]].filter { $0.value.position <= reached }.keys
            return ids.compactMap { remove($0, of: projections) }
        }
    }

    private let pool: Pool
    private let listener: Listener
    private let logger: Logger
    private let maximumWaiting: Int
    private let state = Mutex(State())
    private let looks: AsyncStream<Void>
    private let look: AsyncStream<Void>.Continuation

    /// - Parameter maximumWaiting: how many may wait; beyond it `wait` returns at once.
    package init(pool: Pool, listener: Listener, maximumWaiting: Int = 10_000, logger: Logger) {
        self.pool = pool
        self.listener = listener
        self.logger = logger
        self.maximumWaiting = maximumWaiting
        (looks, look) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    /// How many wait at this moment.
    package var waiting: Int { state.withLock(\.count) }

    /// Waits until the active builds of all these projections reflect `position`.
    /// - Returns: false where `timeout` passes first, the task is cancelled, this has stopped or too many wait.
    package func wait(for projections: [String], toReach position: Int64, timeout: Duration) async -> Bool {
        await withTaskGroup(of: Bool.self) { group in
            group.addTask { await self.wait(for: projections, toReach: position) }
            group.addTask {
                try? await Task.sleep(for: timeout)  // cancellation ends the wait early
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
                    if state.isStopped || Task.isCancelled || state.count >= maximumWaiting { return false }
                    state.waiters[projections, default: [:]][id] = Waiter(
                        position: position, continuation: continuation)
                    state.count += 1
                    return true
                }
                if isAdmitted { look.yield() } else { continuation.resume(returning: false) }
            }
        } onCancel: {
            state.withLock { $0.remove(id, of: projections) }?.continuation.resume(returning: false)
        }
    }

    /// Serves those who wait until the task is cancelled.
    package func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                for await _ in self.listener.signals(on: Self.channel) { self.look.yield() }
                self.look.finish()
            }
            for await _ in looks where waiting > 0 {
                await lookOnce()
                try? await Task.sleep(for: Self.pauseAfterLook)  // cancellation ends the loop
            }
        }
        let waiters = state.withLock { state in
            state.isStopped = true
            state.count = 0
            defer { state.waiters = [:] }
            return state.waiters.values.flatMap(\.values)
        }
        for waiter in waiters { waiter.continuation.resume(returning: false) }
    }

    private func lookOnce() async {
        do throws(PostgresError) {
            var positions: [String: Int64] = [:]
            for row in try await pool.query("select projection, position from read.checkpoints") {
                positions[try row.text("projection")] = try row.integer("position")
            }
            let reached = state.withLock { state in
                state.waiters.keys.flatMap { projections in
                    // Before its first build is active a projection has reached nothing.
                    let least = projections.map { positions[$0] ?? -1 }.min() ?? .max
                    return state.removeAll(of: projections, upTo: least)
                }
            }
            for waiter in reached { waiter.continuation.resume(returning: true) }
        } catch {
            logger.debug("cannot look at the checkpoints", metadata: ["reason": "\(error)"])
        }
    }
}
