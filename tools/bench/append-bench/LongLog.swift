import BenchSupport
import EventLog
import EventSourcing
import Foundation
import Postgres

/// Compares appends to a log of 10 million events with those to one of 100 thousand.
enum LongLog {
    static func measure(
        _ server: ConnectionTarget, _ administration: Connection, rounds: Int
    ) async throws -> [Measurement] {
        let short = try await BenchDatabase(named: "short_log", on: server, administration)
        defer { short.close() }
        let long = try await BenchDatabase(named: "long_log", on: server, administration)
        defer { long.close() }
        var ofShort = try await ServerSide(short.connection)
        var ofLong = try await ServerSide(long.connection)
        for _ in 0..<100 { try await ofShort.callFunction(batchOf: 1000) }
        for _ in 0..<10_000 { try await ofLong.callFunction(batchOf: 1000) }
        try await administration.query("checkpoint")

        var measurements = [
            Measurement(
                name: "function_1000_at_100k", about: "append_events alone, with 100 thousand events in the log"),
            Measurement(
                name: "function_1000_at_10m", about: "the same with 10 million; at least 1/1.15 of it",
                base: "function_1000_at_100k", target: 0.87),
        ]
        for _ in 0..<max(20, rounds) {
            measurements[0].rates.append(try await rate { try await ofShort.callFunction(batchOf: 1000) })
            measurements[1].rates.append(try await rate { try await ofLong.callFunction(batchOf: 1000) })
        }
        return measurements
    }

    private static func rate(_ body: () async throws -> Void) async throws -> Double {
        let began = ContinuousClock.now
        for _ in 0..<5 { try await body() }
        return 5000 / began.duration(to: .now).seconds
    }
}
