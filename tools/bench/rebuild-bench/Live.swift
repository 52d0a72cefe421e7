import EventLog
import EventSourcing
import Logging
import Postgres
import Projector
import Synchronization

/// How soon after its commit an event shows in a read model, while all projections are applied and events keep coming.
struct Live {
    static let rate = 2000
    private static let readModel = "hourly_counts"
    /// On which the database tells that a read model has moved.
    private static let channel = "footfall_projections"

    private struct Sight {
        let position: Int64
        let at: ContinuousClock.Instant
    }

    let target: ConnectionTarget
    let logger: Logger

    func measure(_ definitions: [ProjectionDefinition], for duration: Duration) async throws -> Measurement {
        let answersAndSights = try await withEngine(definitions) { log, listener in
            // Caches warm up, plans are made.
            _ = try await Load(log: log, rate: Self.rate, name: "warm").run(for: .seconds(3))
            let load = Load(log: log, rate: Self.rate, name: "live")
            return try await withThrowingTaskGroup(of: [Sight].self) { group in
                group.addTask { try await look(listener) }
                let answers = try await load.run(for: duration)
                let last = answers.map(\.position).max() ?? 0
                try await waitUntilSeen(last)
                group.cancelAll()
                return (answers, try await group.next() ?? [])
            }
        }
        return summary(answersAndSights.0, answersAndSights.1, duration)
    }

    private func summary(_ answers: [Load.Answer], _ sights: [Sight], _ duration: Duration) -> Measurement {
        var remaining = sights[...]
        let delays = answers.sorted { $0.position < $1.position }.compactMap { answer -> Duration? in
            while let sight = remaining.first, sight.position < answer.position { remaining.removeFirst() }
            return remaining.first.map { answer.answered.duration(to: $0.at) }
        }
        let latencies = Latencies(delays)
        var measurement = Measurement(
            "live",
            "from the answer to an append, which follows its commit, to a query of \(Self.readModel) that reflects it, "
                + "while \(Self.rate) events a second are appended one by one and every projection is applied; "
                + "to be reached: p50 under 10 ms, p99 under 50 ms")
        measurement.figures = [
            "p50_ms": latencies.milliseconds(atPercentile: 50), "p95_ms": latencies.milliseconds(atPercentile: 95),
            "p99_ms": latencies.milliseconds(atPercentile: 99), "max_ms": latencies.milliseconds(atPercentile: 100),
            "events": Double(latencies.count), "events_a_second": Double(answers.count) / duration.seconds,
        ]
        measurement.histogram = latencies.bins
        return measurement
    }

    /// Reads how far the read model is at each notification, until its task is cancelled.
    private func look(_ listener: Listener) async throws -> [Sight] {
        let connection = try await Connection.open(target, logger: logger)
        defer { connection.close() }
        var sights: [Sight] = []
        for await _ in listener.signals(on: Self.channel) {
            let position = try await Self.position(on: connection)
            if position > sights.last?.position ?? 0 { sights.append(Sight(position: position, at: .now)) }
        }
        return sights
    }

    private func waitUntilSeen(_ position: Int64) async throws {
        let connection = try await Connection.open(target, logger: logger)
        defer { connection.close() }
        while try await Self.position(on: connection) < position { try await Task.sleep(for: .milliseconds(20)) }
        // The one who looks is told of it too.
        try await Task.sleep(for: .seconds(1))
    }

    private static func position(on connection: Connection) async throws -> Int64 {
        try await connection.query(position, ["projection": .text(readModel)])[0].integer("position")
    }

    private static let position = SQLQuery(
        "position_of_read_model", "select position from read.checkpoints where projection = :projection",
        parameters: ["projection": .text], columns: ["position": .integer])

    /// Runs what a server runs, without its API.
    func withEngine<Value: Sendable>(
        _ definitions: [ProjectionDefinition], _ body: (PostgresEventLog, Listener) async throws -> Value
    ) async throws -> Value {
        let readers = Pool(target, size: 4, logger: logger)
        let writer = Pool(target, size: 1, logger: logger)
        defer {
            readers.close()
            writer.close()
        }
        let listener = Listener(target, channels: Projector.channels, logger: logger)
        let projector = Projector(definitions, on: target, listener: listener, logger: logger)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await listener.run() }
            group.addTask { await projector.run() }
            // The first builds are filled where there are none.
            for await _ in listener.signals(on: Self.channel) {
                let active = try await readers.query("select count(*) from read.checkpoints")[0].integer("count")
                if active == Int64(definitions.count) { break }
            }
            let value = try await body(PostgresEventLog(readers: readers, writer: writer), listener)
            group.cancelAll()
            return value
        }
    }
}
