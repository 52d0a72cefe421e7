import EventLog
import EventSourcing
import Foundation
import Installation
import Metrics
import TestSupport

@testable import Postgres
@testable import Projector

/// A test's database with a log, and ways to build read models from it.
struct Harness {
    static let definitions = Result { try ProjectionDefinition.load(from: ReleaseFiles.locate().projections) }

    /// Every projection of the release, found by its folder.
    static var names: [String] { (try? definitions.get().map(\.name)) ?? ["the projections cannot be loaded"] }

    let target: ConnectionTarget
    let log: PostgresEventLog
    let pool: Pool
    let connection: Connection

    static func with<Value: Sendable>(_ body: @Sendable (Harness) async throws -> Value) async throws -> Value {
        try await TestCluster.shared.withDatabase { target in
            try await withPostgresLog(target) { log, pool in
                let connection = try await Connection.open(target, logger: .silent)
                defer { connection.close() }
                return try await body(Harness(target: target, log: log, pool: pool, connection: connection))
            }
        }
    }

    static func definition(_ name: String) throws -> ProjectionDefinition {
        guard let definition = try definitions.get().first(where: { $0.name == name }) else {
            throw ProjectionDefinition.Invalid.badName(name)
        }
        return definition
    }

    /// Every row of a fresh build of the whole log, filled in steps of the given sizes (the last of them repeated).
    func rows(of definition: ProjectionDefinition, steps: [Int64]) async throws -> [String] {
        let build = try await Build.create(definition, on: connection)
        var steps = steps[...]
        while true {
            let limit = steps.count > 1 ? steps.removeFirst() : steps.first ?? .max
            if try await build.advance(by: limit, on: connection).isAtHead { break }
        }
        let rows = try await rows(in: build.schema)
        try await build.drop(on: connection)
        return rows
    }

    /// Every row of every table of a schema, as text, in a fixed order.
    func rows(in schema: String) async throws -> [String] {
        var rows: [String] = []
        for name in try await tables(in: schema) {
            let contents = try await connection.pipeline([
                Statement("select to_jsonb(t)::text from \(schema).\(name) as t order by 1", prepared: false)
            ])[0]
            for row in contents { rows.append("\(name) \(try row.text(0))") }
        }
        return rows
    }

    func tables(in schema: String) async throws -> [String] {
        try await connection.query(
            "select tablename::text from pg_tables where schemaname = $1 order by 1", [.text(schema)]
        ).map { try $0.text(0) }
    }

    /// Runs the engine with all projections for as long as `body` takes.
    func withProjector<Value: Sendable>(
        _ definitions: [ProjectionDefinition], metrics: any MetricsFactory = NOOPMetricsHandler.instance,
        _ body: @Sendable (Checkpoints) async throws -> Value
    ) async throws -> Value {
        let listener = Listener(target, channels: Projector.channels, pollInterval: .milliseconds(100), logger: .silent)
        let checkpoints = Checkpoints(pool: pool, listener: listener, logger: .silent)
        let projector = Projector(
            definitions, on: target, listener: listener, metrics: metrics, logger: .silent)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await listener.run() }
            group.addTask { await checkpoints.run() }
            group.addTask { await projector.run() }
            let value = try await body(checkpoints)
            group.cancelAll()
            return value
        }
    }

    /// Makes views of the log's first events, for this session to read.
    func makeEventViews(_ views: [String: EventView]) async throws {
        try await connection.script("create schema views; set search_path = views, public")
        try await connection.script(ProjectionDefinition.batchView)
        try await connection.script("set footfall.after = '0'; set footfall.upto = '1000'")
        for view in views.values { try await connection.script(view.sql) }
    }

    func append(_ appends: [Append]) async throws {
        for outcome in try await log.append(appends) where outcome.appended == nil {
            throw EventLogError.storage(reason: "\(outcome)")
        }
    }
}

/// How long a test waits for what must come; only a failure takes that long.
let timeout = Duration.seconds(60)
