import Counting
import EventSourcing
import Postgres
import TestSupport
import Testing

@testable import Projector

/// The typed views against what the domain writes: a misspelt field would silently read as null.
@Suite struct EventViewTests {
    @Test func everyEventTypeHasAViewAndEveryViewAnEventType() throws {
        let written = Set(try Self.samples().map { EventViews.name(of: $0.type) })
        #expect(try Set(EventViews.all().keys) == written)
    }

    @Test func aViewShowsEveryFieldThatTheDomainWrites() async throws {
        try await Harness.with { harness in
            let samples = try Self.samples()
            try await harness.append([
                Append(to: "s", events: samples, metadata: EventMetadata(actor: "ana"))
            ])
            let connection = harness.connection
            let views = try EventViews.all()
            try await harness.makeEventViews(views)
            for name in views.keys {
                let type = try #require(samples.first { EventViews.name(of: $0.type) == name })
                let row = try await connection.query("select to_jsonb(v) from \(name) as v")[0]
                let shown = try JSON.parse(row.bytes(0))
                for (field, value) in try #require(JSON.parse(type.data).object) {
                    let column = shown[field]
                    let instant = { (json: JSON?) in json?.string.flatMap(Timestamp.init(rfc3339:)) }
                    if let written = instant(value) {
                        #expect(instant(column) == written, "\(name).\(field)")
                    } else {
                        #expect(column.map(reordered) == reordered(value), "\(name).\(field)")
                    }
                }
                #expect(shown["actor"] == "ana", "\(name)")
            }
        }
    }

    /// One event of each type, with every field that it can have.
    private static func samples() throws -> [NewEvent] {
        let id = try CameraID(7)
        let now = Timestamp(microseconds: 1_790_000_000_123_456)
        var description = CameraDescription(name: CameraName(stored: "Entrance"))
        description.location = Location(stored: "Hall")
        description.notes = CameraNotes(stored: "Above the door")
        description.metadata = try FreeformObject(["floor": 2])
        description.settings = try Settings(
            loop: true, detector: .yolo, confidence: Confidence(0.5), classes: ObjectClasses([ObjectClass("person")]))
        let line = try Line(
            name: LineName("door"), from: Point(x: 0, y: 0.5), to: Point(x: 1, y: 0.5), inside: Point(x: 0.5, y: 1))
        let configuration = try CameraConfiguration(
            address: StreamAddress("rtsp://user:secret@10.0.0.2/b", type: .rtsp), lines: Lines([line]))
        let worker = try WorkerID("w")
        let reason = Reason(stored: "because")
        var heartbeat = try Heartbeat(cameraID: id, observedAt: ObservationTime(now, now: now), status: .online)
        heartbeat.responseTime = try Milliseconds(12.5)
        heartbeat.streamQuality = try Ratio(0.9)
        heartbeat.fps = try FramesPerSecond(24.5)
        heartbeat.framesDropped = try Tally(3)
        (heartbeat.readingsRefused, heartbeat.readingsGivenUp) = (try Tally(1), try Tally(2))
        heartbeat.decodeTime = try Milliseconds(2.25)
        heartbeat.inferenceTime = try Milliseconds(20.5)
        heartbeat.cpuUsage = try Percentage(50.5)
        heartbeat.memoryUsage = try Percentage(10.5)
        heartbeat.networkBandwidth = try MegabitsPerSecond(4.5)
        heartbeat.errorMessage = ErrorMessage(stored: "none")
        var reading = try CountReading(
            cameraID: id, observedAt: ObservationTime(now, now: now), line: LineName("door"),
            objectClass: ObjectClass("person"), countIn: Tally(1), countOut: Tally(2))
        reading.confidence = try Ratio(0.75)
        reading.processingTime = try Milliseconds(20.5)
        reading.modelVersion = ModelVersion(stored: "m1")
        reading.frameData = .sealed(SealedFrameData(keyID: "cab1e", text: "AAEC"))
        reading.take = 3
        let hour = Timestamp(microseconds: 1_790_002_800_000_000)
        let correction = try CountCorrection(
            cameraID: id, range: QuarterHours(from: hour, to: hour + .seconds(1800)), line: LineName("door"),
            objectClass: ObjectClass("person"), delta: CountDelta(in: -1, out: 2), reason: reason,
            totals: [hour: (in: 1, out: 0)])
        let reset = try OccupancyReset(cameraID: id, at: hour, occupancy: Tally(3), reason: reason)
        var probe = try StreamProbe(cameraID: id, observedAt: ObservationTime(now, now: now), isOpen: true)
        (probe.codec, probe.width, probe.height) = ("h264", 1920, 1080)
        (probe.fps, probe.responseTime) = (try FramesPerSecond(24.5), try Milliseconds(140.5))
        (probe.reason, probe.detail) = ("timed_out", ErrorMessage(stored: "none"))
        let recording = Recording(url: "file:///clips/a.avi", startedAt: now)
        let take = Take(
            number: 3, rules: CountingRules(description.settings, configuration.lines), replaces: 2)
        let life: [Camera.Event] = [
            .registered(id, description, configuration), .described(id, description), .configured(id, configuration),
            .started(id, worker, epoch: 1), .restarted(id, worker, epoch: 2), .stopped(id, reason: reason),
            .statusChanged(id, from: .offline, to: .online, reason: reason), .monitoringStarted(id),
            .monitoringStopped(id), .takeBegan(id, recording, take), .takeResumed(id, recording, take: 3),
            .takeEnded(id, take: 3, at: now), .removed(id, reason: reason), .erased(id),
        ]
        let skip = ProjectionEventSkipped(
            projection: ProjectionName(stored: "hourly_counts"), position: 7, type: "CountReadingRecorded",
            stream: "telemetry-1", sqlState: "22P02", error: "invalid input", reason: reason)
        let revocation = TokensRevoked(.subject(TokenSubject(stored: "ana"), issuedBefore: now), reason: reason)
        return life.map(Camera.encode) + [
            heartbeat.event, reading.event, correction.event, probe.event, reset.event, skip.event, revocation.event,
        ]
    }
}
