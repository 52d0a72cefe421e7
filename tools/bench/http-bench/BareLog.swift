import BenchSupport
import Counting
import EventLog
import EventSourcing
import Foundation
import Installation
import Logging
import Postgres

/// The event log by itself, in a database beside the server's.
struct BareLog {
    private let log: PostgresEventLog
    private let readers: Pool
    private let writer: Pool
    private let streams: [StreamName]
    private let tally = Tally()

    init(on server: ConnectionTarget, logger: Logger) async throws {
        let administration = try await Connection.open(server, logger: logger)
        try await administration.query("create database bare_log")
        administration.close()
        var target = server
        target.url += " dbname=bare_log"
        _ = try await Migrator(folder: ReleaseFiles.locate().migrations).run(on: target, logger: logger)
        readers = Pool(target, size: 2, logger: logger)
        writer = Pool(target, size: 2, logger: logger)
        log = PostgresEventLog(readers: readers, writer: writer)
        streams = (1...200).map { StreamName("telemetry-\($0)") }
        _ = try await log.append(
            Append(to: "cameras", events: [NewEvent(type: "CamerasRegistered", data: [:])], opens: streams))
    }

    func close() {
        readers.close()
        writer.close()
    }

    /// Events a second, in calls of 100 readings of one camera, each caller waiting for its commit.
    func rate(seconds: Int, callers: Int) async throws -> Double {
        let began = ContinuousClock.now
        let end = began + .seconds(seconds)
        let count = try await withThrowingTaskGroup(of: Int.self) { group in
            for caller in 0..<callers {
                group.addTask {
                    var count = 0
                    while ContinuousClock.now < end {
                        let appends = try await readings(100, stream: streams[caller % streams.count], caller)
                        for case .appended in try await log.append(appends) { count += 1 }
                    }
                    return count
                }
            }
            return try await group.reduce(0, +)
        }
        return Double(count) / began.duration(to: .now).seconds
    }

    private func readings(_ count: Int, stream: StreamName, _ caller: Int) async throws -> [Append] {
        let first = await tally.take(count)
        let now = Timestamp(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000))
        return try (0..<count).map { index in
            let number = first + Int64(index)
            var reading = CountReading(
                cameraID: try CameraID(Int64(caller) + 1), observedAt: try ObservationTime(now, now: now),
                line: try LineName("entrance-\(number % 2 + 1)"), objectClass: try ObjectClass("person"),
                countIn: try Counting.Tally(number % 5), countOut: try Counting.Tally(number % 4))
            reading.confidence = try Ratio(0.87)
            reading.processingTime = try Milliseconds(14.2)
            reading.modelVersion = try ModelVersion("yolo-n-416-2")
            return Append(
                to: stream, expecting: .exists,
                producer: ProducerSequence(source: "bench-\(caller)", sequence: number), events: [reading.event],
                metadata: EventMetadata(
                    actor: "bench", correlationID: "5f0b3c1e-8a64-4d0e-9b57-000000000000", clientAddress: "127.0.0.1"))
        }
    }

    private actor Tally {
        private var next: Int64 = 1

        func take(_ count: Int) -> Int64 {
            defer { next += Int64(count) }
            return next
        }
    }
}
