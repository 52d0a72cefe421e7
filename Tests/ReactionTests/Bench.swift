import EventLog
import EventSourcing
import Metrics
import ReactingProcess
import TestSupport
import Testing

@testable import Postgres
@testable import Reactions

/// A test's database with a log, and ways to run reactions on it.
struct Bench: Sendable {
    let target: ConnectionTarget
    let log: PostgresEventLog
    let pool: Pool

    static func with<Value: Sendable>(_ body: @Sendable (Bench) async throws -> Value) async throws -> Value {
        try await TestCluster.shared.withDatabase { target in
            try await withPostgresLog(target) { log, pool in
                try await body(Bench(target: target, log: log, pool: pool))
            }
        }
    }

    /// Runs reactions, as one process does, for as long as `body` takes.
    func running<Value: Sendable>(
        _ reactions: [any Reaction], on log: (any EventLog)? = nil,
        metrics: any MetricsFactory = NOOPMetricsHandler.instance, _ body: @Sendable () async throws -> Value
    ) async throws -> Value {
        let listener = Listener(target, channels: Reactions.channels, pollInterval: .milliseconds(100), logger: .silent)
        let reactions = Reactions(
            reactions, log: log ?? self.log, on: target, listener: listener, metrics: metrics, logger: .silent)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await listener.run() }
            group.addTask { await reactions.run() }
            defer { group.cancelAll() }
            return try await body()
        }
    }

    /// Appends questions with these numbers, each in a call of its own.
    func ask(_ numbers: ClosedRange<Int64>) async throws {
        for number in numbers { _ = try await log.append(Echo.question(.integer(number))) }
    }

    /// A reaction as all processes and tools see it.
    struct Shown: Equatable {
        var position: Int64
        var lag: Int64
        var stall: String?
        var stalledPosition: Int64?
        var error: String?
    }

    func shown(_ reaction: String = "echo") async throws -> Shown? {
        try await pool.query(
            """
            select position, lag, stall, stalled_position, error from read.reactions where reaction = $1
            """, [.text(reaction)]
        ).first.map { row in
            Shown(
                position: try row.integer(0), lag: try row.integer(1), stall: try row.optionalText(2),
                stalledPosition: try row.optionalInteger(3), error: try row.optionalText(4))
        }
    }

    func waits(for reaction: String = "echo", until isSo: (Shown) -> Bool) async throws {
        while true {
            if let shown = try await shown(reaction), isSo(shown) { return }
            try Task.checkCancellation()
            await Task.yield()
        }
    }

    /// Waits until the reaction has looked at all that there is.
    func waitsForEnd(of reaction: String = "echo") async throws {
        try await waits(for: reaction) { $0.lag == 0 }
    }

    /// Ends the session by which a process runs the reaction, and the sessions of those that wait for their turn.
    func endSession(of reaction: String = "echo") async throws {
        try await pool.query(
            """
            select pg_terminate_backend(pid, 10000) from pg_stat_activity
            where datname = current_database() and application_name = 'footfall reaction ' || $1
            """, [.text(reaction)])
    }

    /// Whether each question up to `last` has its two answers and their copy, once and in order, numbered as they came.
    func expectAnswers(upTo last: Int64, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        func read(_ stream: StreamName) async throws -> [[JSON?]] {
            try await log.readAll(stream).map {
                let data = try JSON.parse($0.data)
                return [data["n"], data["part"], data["number"]]
            }
        }
        let numbers = (1...last).map(JSON.integer)
        #expect(
            try await read(Echo.answers) == numbers.flatMap { [[$0, "a", $0], [$0, "b", $0]] },
            sourceLocation: sourceLocation)
        #expect(try await read(Echo.copies) == numbers.map { [$0, "copy", $0] }, sourceLocation: sourceLocation)
    }
}
