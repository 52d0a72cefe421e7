import EventSourcing
import Foundation
import Logging
import ServiceLifecycle
import Synchronization

/// Asks the server for assignments and keeps one run for each.
struct Worker: Service {
    let id: String
    let client: ServerClient
    let model: String?
    let door: StreamDoor
    let logger: Logger

    private static let pollInterval = Duration.seconds(1)

    /// Runs until it is told to shut down; then stops every run in order.
    func run() async throws {
        let runs = Runs()
        let untold = UntoldHeartbeats()
        await withDiscardingTaskGroup { group in
            let (reconciliations, found) = AsyncStream.makeStream(
                of: [Assignment].self, bufferingPolicy: .bufferingNewest(1))
            group.addTask {
                await cancelWhenGracefulShutdown { await poll { found.yield($0) } }
                found.finish()
            }
            for await assignments in reconciliations {
                for run in runs.reconcile(with: assignments, make: { makeRun($0, untold) }) {
                    group.addTask { runs.ended(run.assignment, as: await run.run()) }
                }
            }
            runs.stopAll()
        }
    }

    private func poll(_ found: ([Assignment]) -> Void) async {
        var isReachable: Bool?
        while !Task.isCancelled {
            do {
                found(try await client.assignments().compactMap(readable))
                if isReachable != true { logger.info("connected to the server", metadata: ["worker": "\(id)"]) }
                isReachable = true
            } catch {
                if isReachable != false, !Task.isCancelled {
                    logger.warning("no assignments from the server", metadata: ["reason": "\(error)"])
                }
                isReachable = false
            }
            try? await Task.sleep(for: Self.pollInterval)  // cancellation ends the loop
        }
    }

    private func readable(_ json: JSON) -> Assignment? {
        do { return try Assignment(json) } catch {
            logger.error("assignment not understood", metadata: ["reason": "\(error)"])
            return nil
        }
    }

    private func makeRun(_ assignment: Assignment, _ untold: UntoldHeartbeats) -> CameraRun {
        CameraRun(
            assignment, workerID: id, client: client, model: model, door: door, untold: untold, logger: logger)
    }
}

/// The runs that are under way, by camera.
final class Runs: Sendable {
    private struct State {
        var running: [Int64: CameraRun] = [:]
        /// What came to its end, which the server's read model may not know yet.
        var finished: [Int64: Assignment] = [:]
    }

    private let state = Mutex(State())

    /// Stops the runs whose assignment is gone or has changed, and makes those that are due. A changed one begins when
    /// the run before it has ended, at a later call.
    /// - Returns: the new runs, which the caller is to start.
    func reconcile(with assignments: [Assignment], make: (Assignment) -> CameraRun) -> [CameraRun] {
        state.withLock { state in
            let wanted = Dictionary(assignments.map { ($0.cameraID, $0) }, uniquingKeysWith: { _, last in last })
            for (camera, run) in state.running where wanted[camera] != run.assignment { run.stop() }
            state.finished = state.finished.filter { wanted[$0.key] == $0.value }
            var new: [CameraRun] = []
            for assignment in assignments
            where state.running[assignment.cameraID] == nil && state.finished[assignment.cameraID] != assignment {
                let run = make(assignment)
                state.running[assignment.cameraID] = run
                new.append(run)
            }
            return new
        }
    }

    func ended(_ assignment: Assignment, as ending: CameraRun.Ending) {
        state.withLock { state in
            state.running[assignment.cameraID] = nil
            if ending != .stopped { state.finished[assignment.cameraID] = assignment }
        }
    }

    func stopAll() {
        for run in state.withLock({ Array($0.running.values) }) { run.stop() }
    }
}
