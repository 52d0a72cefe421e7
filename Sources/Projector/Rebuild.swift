import Logging
import Postgres

/// Fills a new build of a read model beside the active one, and puts it in its place.
package struct Rebuild: Sendable {
    package enum Failure: Error, Equatable, CustomStringConvertible {
        /// Another session is filling the projection's new build.
        case underWay(projection: String, build: Int64, position: Int64)
        /// The projection is kept under another definition, by processes of another release that run now.
        case otherRelease(projection: String, chosen: String, own: String)
        /// The build was given up while it was filled, since another release's definition was chosen.
        case givenUp(projection: String, build: Int64)

        package var description: String {
            switch self {
            case .underWay(let projection, let build, let position):
                "a rebuild of \(projection) is under way: build \(build) has reached position \(position)"
            case .otherRelease(let projection, let chosen, let own):
                "\(projection) is kept by processes of another release, under definition \(chosen.prefix(12)); that of "
                    + "this release is \(own.prefix(12)). Rebuild with the tool of the release that runs."
            case .givenUp(let projection, let build):
                "build \(build) of \(projection) was given up: another release's definition took its place"
            }
        }
    }

    package struct Progress: Sendable {
        package let build: Int64
        package let position: Int64
        package let head: Int64
        /// Events a second, rests included; nil until that is known.
        package let rate: Double?

        /// How long it takes to the head at this rate.
        package var timeLeft: Duration? { rate.map { .seconds(Double(head - position) / max($0, 1)) } }
    }

    private let definition: ProjectionDefinition
    private let target: ConnectionTarget
    private let eventsPerStep: Int64?
    private let throttle: Int64?
    private let logger: Logger

    /// - Parameters:
    ///   - eventsPerStep: how many events one transaction applies; as many as take about a second where nil.
    ///   - throttle: how much of the time events are applied, 1 to 100 percent; where nil, all of it, or as much as was
    ///     set for the build that is gone on with.
    package init(
        _ definition: ProjectionDefinition, on target: ConnectionTarget, eventsPerStep: Int64? = nil,
        throttle: Int64? = nil, logger: Logger
    ) {
        self.definition = definition
        self.target = target.named("footfall rebuild \(definition.name)", requestTimeout: nil)
        self.eventsPerStep = eventsPerStep
        self.throttle = throttle
        self.logger = logger
    }

    /// Rebuilds from position 0, or goes on with a build that was left unfinished under the same definition.
    /// Returns once readers see the new build and the old one is dropped.
    package func run(onProgress: @escaping @Sendable (Progress) -> Void = { _ in }) async throws {
        let connection = try await Self.open(target, logger: logger)
        defer { connection.close() }
        let choice = try await DefinitionChoice(definition, isTool: true, on: connection)
        let outcome = try await choice.make(takingOver: true)
        guard outcome.isOurs else {
            throw Failure.otherRelease(
                projection: definition.name, chosen: outcome.chosen, own: choice.definition)
        }
        let build = try await lockedBuild(on: connection)
        try await complete(build, on: connection, onProgress: onProgress)
    }

    /// A session for filling builds. Its commits do not wait for the disk: what a crash of the server takes back, it
    /// takes back with its checkpoint. Where this process is gone, the server soon gives up what the session was doing.
    static func open(_ target: ConnectionTarget, logger: Logger) async throws -> Connection {
        let connection = try await Connection.open(target, logger: logger)
        do {
            try await connection.script(
                """
                set work_mem = '64MB'; set maintenance_work_mem = '256MB'; set synchronous_commit = off;
                set client_connection_check_interval = '1s'
                """)
        } catch {
            connection.close()
            throw error
        }
        return connection
    }

    /// The build that is left unfinished, or else a new one, locked by this session.
    func lockedBuild(on connection: Connection) async throws -> Build {
        if let unfinished = try await lockedUnfinishedBuild(on: connection) { return unfinished }
        do {
            return try await Build.create(definition, throttle: throttle ?? 100, on: connection)
        } catch let error as PostgresError {
            guard error.sqlState == SQLState.uniqueViolation else { throw error }
            throw Failure.underWay(projection: definition.name, build: 0, position: 0)
        }
    }

    /// The build that is left unfinished, locked by this session; nil where there is none.
    func lockedUnfinishedBuild(on connection: Connection) async throws -> Build? {
        while let build = try await Build.all(of: definition.name, on: connection).first(where: {
            $0.state == .building
        }) {
            guard try await build.lock(on: connection) else {
                throw Failure.underWay(projection: definition.name, build: build.id, position: build.position)
            }
            // The process that had it locked may just have finished it, or come further.
            let unfinished = try await Build.all(of: definition.name, on: connection).first {
                $0.id == build.id && $0.state == .building
            }
            guard let unfinished else {
                try await build.unlock(on: connection)
                continue
            }
            let own = try await Build.hash(of: definition, on: connection)
            guard unfinished.definition == own else {
                try await build.unlock(on: connection)
                throw Failure.otherRelease(projection: definition.name, chosen: unfinished.definition, own: own)
            }
            if let throttle {
                try await connection.query(
                    Self.throttling, ["build": .integer(build.id), "percent": .integer(throttle)])
            }
            return unfinished
        }
        return nil
    }

    static let throttling = SQLQuery(
        "throttle_unfinished_build", "update projection_builds set throttle = :percent where build = :build",
        parameters: ["build": .integer, "percent": .integer])

    /// Finishes a build that the session has locked, drops what it replaces, and unlocks it.
    func complete(
        _ build: Build, on connection: Connection, onProgress: @escaping @Sendable (Progress) -> Void = { _ in }
    ) async throws {
        let completion = BuildCompletion(
            build: build, definition: definition, eventsPerRange: eventsPerStep, connection: connection, logger: logger,
            onProgress: onProgress)
        do { try await completion.run() } catch {
            if connection.isOpen {
                try await build.recordIfLasting(error, on: connection)
                try await build.unlock(on: connection)
            }
            throw error
        }
        try await build.unlock(on: connection)
        try await Self.dropRetired(of: build.projection, on: connection, logger: logger)
    }

    /// Drops the builds that readers are no longer given. One that a reader or a filler is still at is left to a later
    /// visit.
    static func dropRetired(of projection: String, on connection: Connection, logger: Logger) async throws {
        for build in try await Build.all(of: projection, on: connection) where build.state == .retired {
            guard try await build.lock(on: connection) else { continue }
            do { try await build.drop(on: connection) } catch let error as PostgresError
                where error.isSafeToRetry && connection.isOpen
            {
                logger.info("old build still in use", metadata: ["build": "\(build.id)"])
            }
            try await build.unlock(on: connection)
        }
    }
}
