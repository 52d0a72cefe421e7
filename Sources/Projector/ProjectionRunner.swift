import Logging
import Postgres

/// Keeps one read model up to date for as long as it runs: applies what is appended to the active build, and sees to
/// builds that are due.
///
/// Of all the processes that run it, one applies at a time: the one whose session holds the projection's advisory lock.
/// When that session ends, however, the next one takes over.
struct ProjectionRunner: Sendable {
    static let maximumEventsPerStep: Int64 = 5000

    let definition: ProjectionDefinition
    let target: ConnectionTarget
    let listener: Listener
    let logger: Logger

    /// Returns when its task is cancelled, after the step in flight.
    func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await keepApplying() }
            group.addTask { await keepBuilding() }
        }
    }

    private func keepApplying() async {
        await retrying("applying") {
            let connection = try await Connection.open(
                target.named("footfall projection \(definition.name)", requestTimeout: nil), logger: logger)
            defer { connection.close() }
            try await connection.script("set jit = off")
            var hasLock = false
            for await _ in listener.signals(on: "footfall_events") {
                if !hasLock { hasLock = try await lock(on: connection) }
                if hasLock { try await applyAll(on: connection) }
            }
        }
    }

    private func lock(on connection: Connection) async throws -> Bool {
        try await connection.query(
            "select pg_try_advisory_lock($1::int, hashtext($2))",
            [.integer(LockSpace.projections), .text(definition.name)])[0]
            .bool(0)
    }

    /// Applies until the active build is at the head of the log; nothing where there is no active build yet.
    private func applyAll(on connection: Connection) async throws {
        var active = try await active(on: connection)
        while let build = active, !Task.isCancelled {
            let step = try await build.advance(by: Self.maximumEventsPerStep, on: connection)
            if step.isRetired {
                active = try await self.active(on: connection)
            } else if step.isAtHead {
                return
            }
        }
    }

    private func active(on connection: Connection) async throws -> Build? {
        try await Build.all(of: definition.name, on: connection).first { $0.state == .active }
    }

    private func keepBuilding() async {
        let rebuild = Rebuild(definition, on: target, logger: logger)
        await retrying("building") {
            try await rebuild.ensureCurrent()
            for await _ in listener.signals(on: "footfall_builds") { try await rebuild.adopt() }
        }
    }

    /// Does `work` again after a growing pause where it fails, until the task is cancelled.
    private func retrying(_ what: String, _ work: () async throws -> Void) async {
        var pause = Duration.milliseconds(100)
        while !Task.isCancelled {
            let began = ContinuousClock.now
            do { try await work() } catch is CancellationError { return } catch {
                logger.error(
                    "projection failed; will try again",
                    metadata: ["projection": "\(definition.name)", "while": "\(what)", "reason": "\(error)"])
            }
            pause = began.duration(to: .now) > .seconds(60) ? .milliseconds(100) : min(pause * 2, .seconds(10))
            try? await Task.sleep(for: pause * Double.random(in: 0.5...1))  // cancellation ends the loop
        }
    }
}
