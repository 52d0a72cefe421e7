import Logging
import Postgres

/// Fills a new build of a read model beside the active one, and puts it in its place.
package struct Rebuild: Sendable {
    package enum Failure: Error, Equatable, CustomStringConvertible {
        /// Another session is filling the projection's new build.
        case underWay(projection: String, build: Int64, position: Int64)

        package var description: String {
            switch self {
            case .underWay(let projection, let build, let position):
                "a rebuild of \(projection) is under way: build \(build) has reached position \(position)"
            }
        }
    }

    package struct Progress: Sendable {
        package let build: Int64
        package let position: Int64
        package let head: Int64
    }

    private let definition: ProjectionDefinition
    private let target: ConnectionTarget
    private let eventsPerStep: Int64
    private let logger: Logger

    /// - Parameter eventsPerStep: how many events one transaction applies.
    package init(
        _ definition: ProjectionDefinition, on target: ConnectionTarget, eventsPerStep: Int64 = 50_000, logger: Logger
    ) {
        self.definition = definition
        self.target = target.named("footfall rebuild \(definition.name)", requestTimeout: nil)
        self.eventsPerStep = eventsPerStep
        self.logger = logger
    }

    /// Rebuilds from position 0, or goes on with a build that was left unfinished under the same definition.
    /// Returns once readers see the new build and the old one is dropped.
    package func run(onProgress: @Sendable (Progress) -> Void = { _ in }) async throws {
        let connection = try await open()
        defer { connection.close() }
        let build: Build
        if let unfinished = try await Build.all(of: definition.name, on: connection).first(where: {
            $0.state == .building
        }) {
            guard try await unfinished.lock(on: connection) else {
                throw Failure.underWay(
                    projection: definition.name, build: unfinished.id, position: unfinished.position)
            }
            if unfinished.definition == (try await Build.hash(of: definition, on: connection)) {
                build = unfinished
            } else {
                try await unfinished.drop(on: connection)
                build = try await Build.create(definition, on: connection)
            }
        } else {
            do { build = try await Build.create(definition, on: connection) } catch let error as PostgresError {
                guard error.sqlState == "23505" else { throw error }
                throw Failure.underWay(projection: definition.name, build: 0, position: 0)
            }
        }
        try await finish(build, on: connection, onProgress: onProgress)
    }

    /// Starts a build where the active one was made by another definition, or none is there; goes on with one that was
    /// left unfinished; drops what is retired. Does nothing while another session does it.
    func ensureCurrent() async throws {
        let connection = try await open()
        defer { connection.close() }
        let builds = try await Build.all(of: definition.name, on: connection)
        for retired in builds where retired.state == .retired { try await drop(retired, on: connection) }
        let hash = try await Build.hash(of: definition, on: connection)
        let isCurrent = builds.contains { $0.state == .active && $0.definition == hash }
        if isCurrent, !builds.contains(where: { $0.state == .building }) { return }
        do { try await run() } catch Failure.underWay { return }
    }

    /// Goes on with a build that another session has begun and left, if there is one.
    func adopt() async throws {
        let connection = try await open()
        defer { connection.close() }
        let builds = try await Build.all(of: definition.name, on: connection)
        for retired in builds where retired.state == .retired { try await drop(retired, on: connection) }
        guard let unfinished = builds.first(where: { $0.state == .building }),
            try await unfinished.lock(on: connection)
        else { return }
        try await finish(unfinished, on: connection, onProgress: { _ in })
    }

    private func open() async throws -> Connection {
        let connection = try await Connection.open(target, logger: logger)
        try await connection.script("set jit = off; set work_mem = '64MB'")
        return connection
    }

    private func finish(
        _ build: Build, on connection: Connection, onProgress: @Sendable (Progress) -> Void
    ) async throws {
        logger.info("filling build", metadata: ["projection": "\(build.projection)", "build": "\(build.id)"])
        try await fill(build, on: connection, onProgress: onProgress)
        if !build.isIndexed { try await index(build, on: connection) }
        try await fill(build, on: connection, onProgress: onProgress)
        try await activate(build, on: connection)
        logger.info("activated build", metadata: ["projection": "\(build.projection)", "build": "\(build.id)"])
        for retired in try await Build.all(of: build.projection, on: connection) where retired.state == .retired {
            try await drop(retired, on: connection)
        }
    }

    private func fill(
        _ build: Build, on connection: Connection, onProgress: @Sendable (Progress) -> Void
    ) async throws {
        while true {
            try Task.checkCancellation()
            let step = try await build.advance(by: eventsPerStep, on: connection)
            if step.isRetired { throw CancellationError() }
            onProgress(Progress(build: build.id, position: step.to, head: step.head))
            if step.isAtHead { return }
        }
    }

    private func index(_ build: Build, on connection: Connection) async throws {
        try await connection.transaction {
            try await connection.script("set local search_path = \(build.schema), public")
            if let indexes = definition.indexes { try await connection.script(indexes) }
            try await connection.query(
                "update projection_builds set indexed = true where build = $1", [.integer(build.id)])
        }
        let tables = try await connection.query(
            "select quote_ident(tablename) from pg_tables where schemaname = $1", [.text(build.schema)])
        for table in tables { try await connection.script("analyze \(build.schema).\(try table.text(0))") }
    }

    /// Swaps the views. A reader at the old ones makes it wait, and it gives way (before the server would look for
    /// deadlocks) rather than let readers queue up behind it.
    private func activate(_ build: Build, on connection: Connection) async throws {
        while true {
            do {
                try await connection.transaction {
                    try await connection.script("set local lock_timeout = '500ms'")
                    try await connection.query("select activate_build($1)", [.integer(build.id)])
                }
                return
            } catch let error as PostgresError where error.isSafeToRetry && connection.isOpen {
                try await Task.sleep(for: .milliseconds(Int.random(in: 20...200)))
            }
        }
    }

    /// A reader that is still at the old tables leaves them to a later visit.
    private func drop(_ build: Build, on connection: Connection) async throws {
        do { try await build.drop(on: connection) } catch let error as PostgresError where error.sqlState == "55P03" {
            logger.info("old build still in use", metadata: ["build": "\(build.id)"])
        }
    }
}
