import EventLog
import EventSourcing
import Logging
import Postgres
import Projector
import Synchronization

/// What a rebuild costs those who append and read meanwhile, with and without a throttle.
struct Cost {
    private static let rate = 1000

    let live: Live
    let rounds: Int
    /// How long each phase of a round takes.
    let duration: Duration

    private struct Phase {
        let name: String
        let about: String
        /// Percent; nil where nothing is rebuilt.
        let throttle: Int64?
        var appends: [Duration] = []
        var reads: [Duration] = []
        var appended = 0
        var rebuilt: Int64 = 0
    }

    func measure(_ definitions: [ProjectionDefinition], rebuilding name: String) async throws -> [Measurement] {
        guard let definition = definitions.first(where: { $0.name == name }) else { return [] }
        var phases = [
            Phase(name: "idle", about: "nothing is rebuilt", throttle: nil),
            Phase(name: "rebuild", about: "\(name) is rebuilt", throttle: 100),
            Phase(name: "rebuild_throttled_50", about: "\(name) is rebuilt half of the time", throttle: 50),
            Phase(name: "rebuild_throttled_20", about: "\(name) is rebuilt a fifth of the time", throttle: 20),
        ]
        let measured = try await live.withEngine(definitions) { log, _ in
            _ = try await Load(log: log, rate: Self.rate, name: "cost-warm").run(for: .seconds(2))
            for round in 0..<rounds {
                for index in phases.indices {
                    try await run(&phases[index], log, definition, run: "cost-\(round)-\(index)")
                }
            }
            return phases
        }
        return measured.map(summary)
    }

    private func run(
        _ phase: inout Phase, _ log: PostgresEventLog, _ definition: ProjectionDefinition, run: String
    ) async throws {
        let throttle = phase.throttle
        let rebuilding = Rebuilding()
        let (answers, rebuilt, reads) = try await withThrowingTaskGroup(of: [Duration].self) { group in
            if let throttle {
                group.addTask {
                    try await rebuilding.run(definition, throttle: throttle, on: live)
                    return []
                }
            }
            group.addTask { try await read(until: .now + duration) }
            let answers = try await Load(log: log, rate: Self.rate, name: run).run(for: duration)
            let rebuilt = rebuilding.end()
            let connection = try await Connection.open(live.target, logger: live.logger)
            defer { connection.close() }
            // What is left of the rebuild is nobody's concern: the next phase begins without one.
            _ = try await Build.throttle(definition.name, to: 100, on: connection)
            return (answers, rebuilt, try await group.reduce(into: []) { $0 += $1 })
        }
        phase.appends += answers.map { $0.asked.duration(to: $0.answered) }
        phase.appended += answers.count
        phase.reads += reads
        phase.rebuilt += rebuilt
    }

    /// Asks for a day of a camera's counts, a hundred times a second.
    private func read(until end: ContinuousClock.Instant) async throws -> [Duration] {
        let connection = try await Connection.open(live.target, logger: live.logger)
        defer { connection.close() }
        var durations: [Duration] = []
        for count in 1... {
            try await Task.sleep(for: .milliseconds(10))
            if .now >= end { break }
            let began = ContinuousClock.now
            try await connection.query(Self.counts, ["camera": .integer(1 + count % Int(FilledLog.cameras))])
            durations.append(began.duration(to: .now))
        }
        return durations
    }

    private static let counts = SQLQuery(
        "counts_of_day",
        """
        select date_trunc('hour', bucket_start), line, class, sum(count_in), sum(count_out)
        from read.hourly_counts
        where camera_id = :camera and bucket_start >= '2026-06-05' and bucket_start < '2026-06-06'
        group by 1, 2, 3
        """, parameters: ["camera": .integer])

    private func summary(_ phase: Phase) -> Measurement {
        let appends = Latencies(phase.appends)
        let reads = Latencies(phase.reads)
        var measurement = Measurement(
            "cost_\(phase.name)",
            "\(Self.rate) events a second are appended one by one and 100 times a second a day of counts is read, "
                + "while \(phase.about)")
        let seconds = duration.seconds * Double(rounds)
        measurement.figures = [
            "append_p50_ms": appends.milliseconds(atPercentile: 50),
            "append_p99_ms": appends.milliseconds(atPercentile: 99),
            "read_p50_ms": reads.milliseconds(atPercentile: 50),
            "read_p99_ms": reads.milliseconds(atPercentile: 99),
            "appended_a_second": Double(phase.appended) / seconds, "rebuilt_a_second": Double(phase.rebuilt) / seconds,
        ]
        return measurement
    }
}

/// Rebuilds one projection again and again.
private final class Rebuilding: Sendable {
    private struct State {
        var build: Int64 = 0
        var position: Int64 = 0
        var events: Int64 = 0
        var isOver = false
    }

    private let state = Mutex(State())

    /// Returns after the rebuild during which `end` is called.
    func run(_ definition: ProjectionDefinition, throttle: Int64, on live: Live) async throws {
        let rebuild = Rebuild(definition, on: live.target, throttle: throttle, logger: live.logger)
        while !state.withLock({ $0.isOver }) {
            try await rebuild.run { progress in
                self.state.withLock { state in
                    state.events += progress.position - (state.build == progress.build ? state.position : 0)
                    state.build = progress.build
                    state.position = progress.position
                }
            }
        }
    }

    /// - Returns: how many events were applied until now.
    func end() -> Int64 {
        state.withLock { state in
            state.isOver = true
            return state.events
        }
    }
}
