import Counting
import EventLog
import EventSourcing
import Postgres

/// Two hundred workers that report at a steady rate, each one event at a time: three readings to one heartbeat.
struct Load {
    /// What one append came to.
    struct Answer {
        let position: Int64
        let asked: ContinuousClock.Instant
        let answered: ContinuousClock.Instant
    }

    struct NotAppended: Error {}

    private static let workers = 200

    let log: PostgresEventLog
    /// Events a second of all workers together.
    let rate: Int
    /// Distinguishes the workers of one run from those of others.
    let name: String

    /// Appends until the time is over. A worker that falls behind sends without a pause until it has caught up.
    func run(for duration: Duration) async throws -> [Answer] {
        try await withThrowingTaskGroup(of: [Answer].self) { group in
            for worker in 0..<Self.workers {
                group.addTask { try await work(worker, until: .now + duration) }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
    }

    private func work(_ worker: Int, until end: ContinuousClock.Instant) async throws -> [Answer] {
        let interval = Duration.seconds(1) * Self.workers / rate
        var due = ContinuousClock.now + interval * worker / Self.workers
        var answers: [Answer] = []
        for count in 1... {
            try await Task.sleep(until: due)
            due += interval
            let asked = ContinuousClock.now
            if asked >= end { break }
            let append = try append(count, by: worker)
            guard case .appended(let appended) = try await log.append([append])[0] else { throw NotAppended() }
            answers.append(Answer(position: appended.positions.upperBound, asked: asked, answered: .now))
        }
        return answers
    }

    private func append(_ count: Int, by worker: Int) throws -> Append {
        let camera = try CameraID(Int64(1 + (worker + count * Self.workers) % Int(FilledLog.cameras)))
        let instant = Timestamp(microseconds: 1_786_000_000_000_000 + Int64(count) * 10_000)
        let observedAt = try ObservationTime(instant, now: instant)
        let source = "\(name)-\(worker)"
        let event: NewEvent
        if count.isMultiple(of: 4) {
            var heartbeat = Heartbeat(cameraID: camera, observedAt: observedAt, status: .online)
            heartbeat.fps = try FramesPerSecond(Double(240 + count % 11) / 10)
            heartbeat.responseTime = try Milliseconds(Double(20 + count % 300) / 10)
            event = heartbeat.event
        } else {
            event =
                CountReading(
                    cameraID: camera, observedAt: observedAt, line: try LineName("entrance-\(count % 2 + 1)"),
                    objectClass: try ObjectClass("person"), countIn: try Tally(Int64(count % 5)),
                    countOut: try Tally(Int64(count % 4))
                ).event
        }
        return Append(
            to: camera.telemetryStream, producer: ProducerSequence(source: source, sequence: Int64(count)),
            events: [event], metadata: EventMetadata(actor: source, clientAddress: "10.20.0.7"))
    }
}
