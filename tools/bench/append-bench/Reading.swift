import BenchSupport
import EventLog
import EventSourcing
import Foundation
import Postgres

/// Reads the whole log in turn in each way, and checks that no event is missing.
enum Reading {
    private static let pageSize = 10_000

    static func measure(_ database: BenchDatabase, rounds: Int) async throws -> [Measurement] {
        try await database.connection.script("vacuum analyze events")
        let head = try await database.log.head()
        try await Sealer(on: database.target, logger: BenchCluster.logger).sealAll()
        var measurements = [
            Measurement(
                name: "read_copy",
                about: "all events by COPY in binary format, thrown away undecoded: what the server's side allows"),
            Measurement(
                name: "read_log", about: "the whole log read in Swift, in pages of \(pageSize) decoded events",
                base: "read_copy", targetRate: 300_000,
                limit: "the server's turning jsonb into text, which COPY does too"),
            Measurement(
                name: "verify", about: "the whole log verified: read, hashed and compared with its seals",
                base: "read_log", limit: "SHA-256 of each event, and segments that begin one after another"),
            Measurement(
                name: "read_rows", about: "the same events streamed row by row and not decoded", base: "read_copy"),
        ]
        for round in 0...rounds {
            for index in measurements.indices {
                if round == 1 { measurements[index].figures["resident_mb_before"] = Memory.resident }
                Memory.forgetPeak()
                let began = ContinuousClock.now
                let count: Int64
                switch measurements[index].name {
                case "read_copy": count = try await copy(database.connection)
                case "read_log": count = try await pages(of: database.log, to: head)
                case "verify": count = try await Verifier(on: database.target, logger: BenchCluster.logger).run().events
                default: count = try await rows(of: database.connection)
                }
                guard count == head else { throw Missing(read: count, of: head) }
                if round == 0 { continue }
                measurements[index].rates.append(Double(head) / began.duration(to: .now).seconds)
                let peak = max(measurements[index].figures["resident_mb_peak"] ?? 0, Memory.peak)
                measurements[index].figures["resident_mb_peak"] = peak
                measurements[index].figures["events"] = Double(head)
            }
        }
        return measurements
    }

    private struct Missing: Error {
        let read: Int64
        let of: Int64
    }

    private static func pages(of log: PostgresEventLog, to head: Int64) async throws -> Int64 {
        var count: Int64 = 0
        for try await page in log.pages(after: 0, upTo: head, pageSize: pageSize) { count += Int64(page.count) }
        return count
    }

    private static let columns = RecordedEvent.columnNames

    private static func rows(of connection: Connection) async throws -> Int64 {
        try await connection.stream("select \(columns) from events order by position") { rows in
            var count: Int64 = 0
            for try await _ in rows { count += 1 }
            return count
        }
    }

    private static func copy(_ connection: Connection) async throws -> Int64 {
        let sql = "copy (select \(columns) from events order by position) to stdout (format binary)"
        let bytes = try await connection.copyOut(sql) { data in
            var bytes = 0
            for try await piece in data { bytes += piece.count }
            return bytes
        }
        guard bytes > 0 else { return 0 }
        return try await connection.query("select position from log_head")[0].integer("position")
    }
}
