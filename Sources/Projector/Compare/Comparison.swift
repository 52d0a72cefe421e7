import Logging
import Postgres

/// Fills a scratch build of a read model from the whole log and compares it with the active build, row by row, both at
/// the same position. Changes nothing that readers see.
///
/// The active build goes on meanwhile: the scratch build catches up with it, and its last events are applied in the one
/// transaction in which the two are compared, whose snapshot (repeatable read) holds the active build and its checkpoint
/// still. So nothing waits for a comparison; only the oldest row versions stay while it reads.
package struct Comparison: Sendable {
    package enum Failure: Error, Equatable, CustomStringConvertible {
        case noActiveBuild(projection: String)
        /// The scratch build never came to where the active one was: that one was replaced again and again.
        case unsteady(projection: String)

        package var description: String {
            switch self {
            case .noActiveBuild(let projection): "\(projection) has no active build to compare with"
            case .unsteady(let projection):
                "\(projection) was rebuilt again and again while it was being compared; retry later"
            }
        }
    }

    package struct Progress: Sendable {
        package let position: Int64
        /// Where the active build is.
        package let target: Int64
    }

    package struct Result: Sendable {
        package let projection: String
        /// The active build that was compared.
        package let build: Int64
        /// What both reflect.
        package let position: Int64
        /// Whether the active build was made by the same SQL.
        package let isSameDefinition: Bool
        /// By name.
        package let tables: [TableDifferences]

        package var isEqual: Bool { tables.allSatisfy(\.isEqual) }
    }

    private let definition: ProjectionDefinition
    private let target: ConnectionTarget
    private let maximumSamples: Int
    private let eventsPerStep: Int64
    private let logger: Logger

    /// - Parameters:
    ///   - maximumSamples: how many rows of each kind of difference are shown, per table.
    ///   - eventsPerStep: how many events one transaction applies.
    package init(
        _ definition: ProjectionDefinition, on target: ConnectionTarget, maximumSamples: Int = 5,
        eventsPerStep: Int64 = 50_000, logger: Logger
    ) {
        self.definition = definition
        self.target = target.named("footfall compare \(definition.name)", requestTimeout: nil)
        self.maximumSamples = maximumSamples
        self.eventsPerStep = eventsPerStep
        self.logger = logger
    }

    /// Builds, compares and drops the scratch build again, also where it throws or its task is cancelled.
    package func run(onProgress: @escaping @Sendable (Progress) -> Void = { _ in }) async throws -> Result {
        let connection = try await Connection.open(target, logger: logger)
        defer { connection.close() }
        try await connection.script("set work_mem = '64MB'")
        try await Self.dropLeftovers(on: connection, logger: logger)
        guard try await active(on: connection) != nil else { throw Failure.noActiveBuild(projection: definition.name) }
        let cancellation = BackendCancellation(connection: connection, target: target, logger: logger)
        let scratch = try await cancellation.run { try await Build.create(definition, as: .scratch, on: connection) }
        let result: Swift.Result<Result, any Error>
        do {
            result = .success(
                try await cancellation.run { try await compare(scratch, on: connection, onProgress: onProgress) })
        } catch { result = .failure(error) }
        if connection.isOpen { try await scratch.drop(on: connection) }
        return try result.get()
    }

    /// Drops the scratch builds of runs that were killed. Those whose run goes on are told by its session's lock.
    package static func dropLeftovers(on connection: Connection, logger: Logger) async throws {
        let rows = try await connection.query("select projection from projection_builds where state = 'scratch'")
        for projection in Set(try rows.map { try $0.text("projection") }) {
            for leftover in try await Build.all(of: projection, on: connection) where leftover.state == .scratch {
                guard try await leftover.lock(on: connection) else { continue }
                try await leftover.drop(on: connection)
                logger.info(
                    "dropped a scratch build that was left over",
                    metadata: ["projection": "\(projection)", "build": "\(leftover.id)"])
            }
        }
    }

    private func active(on connection: Connection) async throws -> Build? {
        try await Build.all(of: definition.name, on: connection).first { $0.state == .active }
    }

    private func compare(
        _ scratch: Build, on connection: Connection, onProgress: @Sendable (Progress) -> Void
    ) async throws -> Result {
        var position: Int64 = 0
        for _ in 0..<Self.maximumAttempts {
            // Until what is left takes no longer than one step: the log may grow as fast as it is read.
            while let goal = try await active(on: connection)?.position, position < goal {
                try Task.checkCancellation()
                let isLast = goal - position <= eventsPerStep
                let reached = try await scratch.advance(by: min(eventsPerStep, goal - position), on: connection).to
                onProgress(Progress(position: reached, target: goal))
                let isStuck = reached <= position
                position = max(position, reached)
                if isLast || isStuck { break }
            }
            if let result = try await compareAtOnce(scratch, from: position, on: connection) { return result }
        }
        throw Failure.unsteady(projection: definition.name)
    }

    private static let maximumAttempts = 5

    /// Brings the scratch build to where the active one is in the transaction's snapshot, and compares them. nil where
    /// the active build was dropped, or the next events archived, in the meantime.
    private func compareAtOnce(
        _ scratch: Build, from position: Int64, on connection: Connection
    ) async throws -> Result? {
        do {
            return try await connection.inSnapshot {
                try await compareInSnapshot(scratch, from: position, on: connection)
            }
        } catch let error as PostgresError
            where [SQLState.undefinedTable, SQLState.undefinedSchema, SQLState.deadlock].contains(error.sqlState)
        {
            return nil
        }
    }

    private func compareInSnapshot(
        _ scratch: Build, from position: Int64, on connection: Connection
    ) async throws -> Result? {
        guard let active = try await active(on: connection) else {
            throw Failure.noActiveBuild(projection: definition.name)
        }
        var position = position
        while position < active.position {
            let step = try await connection.query(
                Build.advancing, ["build": .integer(scratch.id), "limit": .integer(active.position - position)])[0]
            let reached = try step.optionalInteger("to_position") ?? 0
            guard try step.text("state") == Build.State.scratch.rawValue, reached > position else { return nil }
            position = reached
        }
        let tables = try await TableComparison.all(
            active: active.schema, rebuilt: scratch.schema, maximumSamples: maximumSamples, on: connection)
        return Result(
            projection: definition.name, build: active.id, position: active.position,
            isSameDefinition: active.definition == scratch.definition, tables: tables)
    }
}
