import BenchSupport
import EventLog
import EventSourcing
import Foundation
import Postgres

/// Measures all ways of appending in turn, round after round, into one database.
struct Rounds {
    let events: Int
    let rounds: Int
    /// What is measured, by name; all where it is empty.
    let only: Set<String>

    private static func measurements() -> [Measurement] {
        [
            Measurement(
                name: "raw_1000",
                about: "a multi-row insert by unnest of 1000 events into a bare table with the log's columns and "
                    + "indexes; arrays prepared in the server, a commit each"),
            Measurement(name: "raw_100", about: "the same with 100 events", base: "raw_1000"),
            Measurement(
                name: "raw_sent_1000",
                about: "raw_1000 with arrays that are sent by the client, ready made: what wire and JSON parsing cost",
                base: "raw_1000"),
            Measurement(
                name: "function_1000", about: "append_events alone, 1000 appends of one event each; arrays prepared",
                base: "raw_1000", target: 0.8,
                limit: "the insert itself; checking and moving streams and producers is the rest"),
            Measurement(name: "function_100", about: "the same with 100 appends", base: "raw_100"),
            Measurement(
                name: "log_batch_1000",
                about: "the log from Swift, one caller, 1000 appends of one event a call: encoding, wire, JSON parsing "
                    + "and outcomes included", base: "raw_1000", target: 0.6,
                limit: "a lone caller waits through encoding, sending and jsonb parsing, which raw has done before"),
            Measurement(
                name: "log_4_batches_1000", about: "the same with 4 callers at once, 1000 appends a call each",
                base: "raw_1000", target: 0.6, limit: "the two cores"),
            Measurement(name: "log_batch_100", about: "one caller, 100 appends a call", base: "raw_100"),
            Measurement(
                name: "log_64_callers", about: "64 callers at once, one event a call, each told after its commit",
                base: "raw_100", target: 0.25,
                limit: "each event moves a stream and a producer of its own, and comes and goes by a task of its own"),
            Measurement(name: "log_8_callers", about: "the same with 8 callers", base: "raw_100"),
            Measurement(
                name: "log_1_caller", about: "the same with one caller: a commit for each event", base: "raw_100",
                limit: "the round trip and the flush of the commit"),
        ]
    }

    func run(on database: BenchDatabase) async throws -> [Measurement] {
        var measurements = Self.measurements().filter { only.isEmpty || only.contains($0.name) }
        var serverSide = try await ServerSide(database.connection)
        var batches = Telemetry(source: "batches")
        let sent = ServerSide.arrays(of: try batches.next(1000))
        var callers = (0..<64).map { caller in
            Telemetry(
                source: "caller-\(caller)",
                cameras: (1...Int64(Telemetry.cameraCount)).filter { $0 % 64 == Int64(caller) })
        }
        var batchers = (0..<4).map { batcher in
            Telemetry(
                source: "batcher-\(batcher)",
                cameras: (1...Int64(Telemetry.cameraCount)).filter { $0 % 4 == Int64(batcher) })
        }
        for round in 0...rounds {
            for index in measurements.indices {
                let rate: Double
                switch measurements[index].name {
                case "raw_1000": rate = try await timed(1000) { try await serverSide.insertRaw(batchOf: 1000) }
                case "raw_100": rate = try await timed(100) { try await serverSide.insertRaw(batchOf: 100) }
                case "raw_sent_1000":
                    rate = try await timed(1000) { try await serverSide.insertSent(sent, batchOf: 1000) }
                case "function_1000": rate = try await timed(1000) { try await serverSide.callFunction(batchOf: 1000) }
                case "function_100": rate = try await timed(100) { try await serverSide.callFunction(batchOf: 100) }
                case "log_batch_1000": rate = try await append(&batches, 1000, to: database.log)
                case "log_4_batches_1000":
                    rate = try await append(&batchers, 4, events, inCallsOf: 1000, to: database.log)
                case "log_batch_100": rate = try await append(&batches, 100, to: database.log)
                case "log_64_callers": rate = try await append(&callers, 64, events, to: database.log)
                case "log_8_callers": rate = try await append(&callers, 8, events / 4, to: database.log)
                default: rate = try await append(&callers, 1, events / 16, to: database.log)
                }
                if measurements[index].name.hasSuffix("callers"), round == rounds {
                    measurements[index].figures["events_per_commit"] = try await Self.eventsPerCommit(
                        database.connection, last: events / 4)
                }
                // The first round warms up plans, caches and connections.
                if round > 0 { measurements[index].rates.append(rate) }
            }
        }
        return measurements
    }

    private func timed(_ size: Int, _ body: () async throws -> Void) async throws -> Double {
        let calls = max(1, events / size)
        let began = ContinuousClock.now
        for _ in 0..<calls { try await body() }
        return Double(calls * size) / began.duration(to: .now).seconds
    }

    /// One caller; making the telemetry itself is not measured.
    private func append(_ telemetry: inout Telemetry, _ size: Int, to log: PostgresEventLog) async throws -> Double {
        let calls = try (0..<max(1, events / size)).map { _ in try telemetry.next(size) }
        let began = ContinuousClock.now
        for call in calls { try Self.check(try await log.append(call)) }
        return Double(calls.count * size) / began.duration(to: .now).seconds
    }

    private func append(
        _ telemetry: inout [Telemetry], _ count: Int, _ events: Int, inCallsOf size: Int = 1, to log: PostgresEventLog
    ) async throws -> Double {
        let calls = try (0..<count).map { caller in
            try (0..<max(1, events / count / size)).map { _ in try telemetry[caller].next(size) }
        }
        let began = ContinuousClock.now
        try await withThrowingTaskGroup(of: Void.self) { group in
            for calls in calls {
                group.addTask {
                    for appends in calls { try Self.check(try await log.append(appends)) }
                }
            }
            try await group.waitForAll()
        }
        return Double(calls.count * calls[0].count * size) / began.duration(to: .now).seconds
    }

    /// All events of a commit carry the same time.
    private static func eventsPerCommit(_ connection: Connection, last count: Int) async throws -> Double {
        try await connection.query(eventsPerCommit, ["count": .integer(count)])[0].double("events_per_commit")
    }

    private static let eventsPerCommit = SQLQuery(
        "events_per_commit",
        """
        select count(*)::float8 / count(distinct events.recorded_at) as events_per_commit
        from events, log_head
        where events.position > log_head.position - :count
        """, parameters: ["count": .integer], columns: ["events_per_commit": .double])

    private struct NotAppended: Error {
        let outcome: AppendOutcome
    }

    private static func check(_ outcomes: [AppendOutcome]) throws {
        for outcome in outcomes {
            guard case .appended = outcome else { throw NotAppended(outcome: outcome) }
        }
    }
}
