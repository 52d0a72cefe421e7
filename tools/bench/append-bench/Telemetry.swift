import Counting
import EventSourcing

/// Telemetry as workers send it: 100 cameras; three count readings, each under its source's sequence, to one heartbeat.
struct Telemetry {
    static let cameraCount = 100

    static let streams = (1...cameraCount).map { StreamName("telemetry-\($0)") }

    private let source: String
    private let cameras: [Int64]
    private var count: Int64 = 0

    /// - Parameters:
    ///   - source: the worker that reports; another one for each that runs at the same time.
    ///   - cameras: those it reports on; all where nil.
    init(source: String, cameras: [Int64]? = nil) {
        self.source = source
        self.cameras = cameras ?? Array(1...Int64(Self.cameraCount))
    }

    /// The next append, of one event.
    mutating func next() throws -> Append {
        count += 1
        let camera = cameras[Int(count) % cameras.count]
        let instant = Timestamp(microseconds: 1_790_000_000_000_000 + count * 20_000)
        // An observation is accepted up to a day ahead of the clock that is given here.
        let observedAt = try ObservationTime(instant, now: instant)
        let metadata = EventMetadata(
            actor: source, correlationID: "5f0b3c1e-8a64-4d0e-9b57-\(1_000_000_000_000 + count / 50)",
            clientAddress: "10.20.0.7")
        let stream = Self.streams[Int(camera) - 1]
        if (count / Int64(cameras.count) + camera).isMultiple(of: 4) {
            return Append(
                to: stream, expecting: .exists, events: [try heartbeat(camera, observedAt)], metadata: metadata)
        }
        return Append(
            to: stream, expecting: .exists, producer: ProducerSequence(source: source, sequence: count),
            events: [try reading(camera, observedAt)], metadata: metadata)
    }

    mutating func next(_ count: Int) throws -> [Append] { try (0..<count).map { _ in try next() } }

    private func heartbeat(_ camera: Int64, _ observedAt: ObservationTime) throws -> NewEvent {
        var heartbeat = Heartbeat(cameraID: try CameraID(camera), observedAt: observedAt, status: .online)
        heartbeat.responseTime = try Milliseconds(Double(20 + count % 300) / 10)
        heartbeat.streamQuality = try Ratio(Double(900 + count % 100) / 1000)
        heartbeat.fps = try FramesPerSecond(Double(240 + count % 11) / 10)
        heartbeat.framesDropped = try Tally(count % 3)
        heartbeat.decodeTime = try Milliseconds(Double(31 + count % 17) / 10)
        heartbeat.inferenceTime = try Milliseconds(Double(113 + count % 97) / 10)
        heartbeat.cpuUsage = try Percentage(Double(400 + count % 317) / 10)
        return heartbeat.event
    }

    private func reading(_ camera: Int64, _ observedAt: ObservationTime) throws -> NewEvent {
        var reading = CountReading(
            cameraID: try CameraID(camera), observedAt: observedAt, line: try LineName("entrance-\(count % 2 + 1)"),
            objectClass: try ObjectClass("person"), countIn: try Tally(count % 5), countOut: try Tally(count % 4))
        reading.confidence = try Ratio(Double(810 + count % 180) / 1000)
        reading.processingTime = try Milliseconds(Double(120 + count % 90) / 10)
        reading.modelVersion = try ModelVersion("yolo-n-416-2")
        return reading.event
    }
}
