import Logging
import Postgres
import Resilience

/// Sees to it, in every process, that a projection is kept under the definition that is chosen: begins a build where
/// that is due, goes on with one whose process died, and drops what is retired.
struct BuildKeeper: Sendable {
    let definition: ProjectionDefinition
    let target: ConnectionTarget
    let listener: Listener
    let stops: Stops
    /// How long no process with the chosen definition may be seen before a running process takes its own: the sessions
    /// of all releases break together when the server restarts, and come back one after another.
    var orphanTimeout = Duration.seconds(10)
    let logger: Logger

    /// Returns when its task is cancelled, after the step in flight.
    func run() async {
        var isStarting = true
        await retrying("building \(definition.name)", logger: logger) {
            defer { isStarting = false }
            try await watch(isStarting: isStarting)
        }
    }

    /// Returns when the listener stops.
    /// - Parameter isStarting: whether the process begins to run; it then takes over from a release that is gone at once.
    private func watch(isStarting: Bool) async throws {
        let connection = try await Rebuild.open(
            target.named("footfall rebuild \(definition.name)", requestTimeout: nil), logger: logger)
        defer { connection.close() }
        let choice = try await DefinitionChoice(definition, on: connection)
        var isFirstLook = true
        var orphanedSince: ContinuousClock.Instant?
        for await _ in listener.signals(on: Projector.buildsChannel) {
            let hasWaited = orphanedSince.map { $0.duration(to: .now) >= orphanTimeout } ?? false
            let outcome = try await choice.make(takingOver: hasWaited || isStarting && isFirstLook)
            isFirstLook = false
            orphanedSince = outcome.isOrphaned ? orphanedSince ?? .now : nil
            try await Rebuild.dropRetired(of: definition.name, on: connection, logger: logger)
            if outcome.isOurs {
                // After a stop, another release's definition may have been chosen.
                try await stops.waitingThrough(definition.name, .building) {
                    if try await choice.make(takingOver: false).isOurs {
                        try await keep(choice.definition, on: connection)
                    }
                }
            }
        }
    }

    private func keep(_ hash: String, on connection: Connection) async throws {
        guard let (build, rebuild) = try await dueBuild(hash, on: connection) else { return }
        do {
            try await rebuild.complete(build, on: connection)
        } catch let failure as Rebuild.Failure {
            logger.notice("build given up", metadata: ["projection": "\(definition.name)", "reason": "\(failure)"])
        }
    }

    /// The build that is to be filled now, locked by this session; nil where there is none. Processes look one after
    /// another, so that what one has begun is not due for the next.
    private func dueBuild(_ hash: String, on connection: Connection) async throws -> (Build, Rebuild)? {
        let lock = SessionLock(.choices, definition.name)
        try await lock.take(on: connection)
        let due: Result<(Build, Rebuild)?, any Error>
        do { due = .success(try await lockedDueBuild(hash, on: connection)) } catch { due = .failure(error) }
        if connection.isOpen { try await lock.giveUp(on: connection) }
        do { return try due.get() } catch is Rebuild.Failure { return nil }
    }

    static let request = SQLQuery(
        "request_of_rebuild", "select throttle from projection_rebuilds where projection = :projection",
        parameters: ["projection": .text], columns: ["throttle": .integer])

    private func lockedDueBuild(_ hash: String, on connection: Connection) async throws -> (Build, Rebuild)? {
        let builds = try await Build.all(of: definition.name, on: connection)
        let request = try await connection.query(Self.request, ["projection": .text(definition.name)]).first
        let isCurrent = builds.contains { $0.state == .active && $0.definition == hash }
        let isDue = !isCurrent || request != nil
        if !isDue, !builds.contains(where: { $0.state == .building }) { return nil }
        let rebuild = Rebuild(definition, on: target, throttle: try request?.integer("throttle"), logger: logger)
        let build =
            isDue
            ? try await rebuild.lockedBuild(on: connection)
            : try await rebuild.lockedUnfinishedBuild(on: connection)
        guard let build else { return nil }
        try await connection.query(Build.requestRemoval, ["projection": .text(definition.name)])
        return (build, rebuild)
    }
}
