import Counting
import EventSourcing
import TestSupport
import Testing

/// What every frozen event means, to the domain of today.
@Suite struct FrozenEventTests {
    struct Frozen: CustomTestStringConvertible {
        let event: FrozenEvent
        let meaning: EventMeaning

        init(_ event: FrozenEvent, _ meaning: EventMeaning) {
            self.event = event
            self.meaning = meaning
        }

        var type: String { event.type }
        var schemaVersion: Int16 { event.schemaVersion }
        var data: String { event.data }

        var testDescription: String { "\(type) \(schemaVersion)" }

        func recorded(schemaVersion: Int16? = nil) -> RecordedEvent {
            Sample.recorded(
                NewEvent(type: type, schemaVersion: schemaVersion ?? self.schemaVersion, data: Array(data.utf8)))
        }
    }

    static let samples: [Frozen] = [
        Frozen(.registered, .camera(.registered(Sample.id, CameraCodingTests.full, CameraCodingTests.watched))),
        Frozen(
            .registeredWithFrames, .camera(.registered(Sample.id, CameraCodingTests.keepingFrames, Sample.moved))),
        Frozen(.registeredBare, .camera(.registered(Sample.id, Sample.plain, Sample.moved))),
        Frozen(.registeredAsWritten, .camera(.registered(Sample.id, CameraCodingTests.asWritten, Sample.moved))),
        Frozen(.described, .camera(.described(Sample.id, CameraCodingTests.full))),
        Frozen(.describedWithFrames, .camera(.described(Sample.id, CameraCodingTests.keepingFrames))),
        Frozen(.describedBare, .camera(.described(Sample.id, Sample.plain))),
        Frozen(.describedAsWritten, .camera(.described(Sample.id, CameraCodingTests.asWritten))),
        Frozen(.configured, .camera(.configured(Sample.id, CameraCodingTests.watched))),
        Frozen(.started, .camera(.started(Sample.id, Sample.workerA, epoch: 1))),
        Frozen(.restarted, .camera(.restarted(Sample.id, Sample.workerB, epoch: 2))),
        Frozen(.stopped, .camera(.stopped(Sample.id, reason: Sample.reason))),
        Frozen(.stoppedBare, .camera(.stopped(Sample.id, reason: nil))),
        Frozen(
            .statusChanged, .camera(.statusChanged(Sample.id, from: .offline, to: .maintenance, reason: Sample.reason))),
        Frozen(.statusChangedBare, .camera(.statusChanged(Sample.id, from: .error, to: .online, reason: nil))),
        Frozen(.removed, .camera(.removed(Sample.id, reason: Sample.reason))),
        Frozen(.removedBare, .camera(.removed(Sample.id, reason: nil))),
        Frozen(.monitoringStarted, .camera(.monitoringStarted(Sample.id))),
        Frozen(.monitoringStopped, .camera(.monitoringStopped(Sample.id))),
        Frozen(.heartbeatBare, .heartbeat(TelemetryTests.heartbeats[0].0)),
        Frozen(.heartbeat, .heartbeat(TelemetryTests.heartbeats[1].0)),
        Frozen(.heartbeatWithLosses, .heartbeat(TelemetryTests.lossyHeartbeat)),
        Frozen(.readingBare, .reading(TelemetryTests.readings[0].0)),
        Frozen(.reading, .reading(TelemetryTests.readings[1].0)),
        Frozen(.correction, .correction(CountCorrectionTests.lowered)),
        Frozen(.probed, .probe(probes.seen)),
        Frozen(.probedInVain, .probe(probes.failed)),
        Frozen(.occupancyResetBare, .reset(reset(to: 0, reason: nil))),
        Frozen(.occupancyReset, .reset(reset(to: 2, reason: Sample.reason))),
        Frozen(.skip, .skip(skip)),
        Frozen(.reactionSkip, .reactionSkip(reactionSkip)),
        Frozen(
            .registeredWithSecrets, .camera(.registered(Sample.id, Sample.plain, CameraCodingTests.secured))),
        Frozen(.configuredWithSecrets, .camera(.configured(Sample.id, CameraCodingTests.secured))),
        Frozen(
            .registeredWithPathInClear, .camera(.registered(Sample.id, Sample.plain, CameraCodingTests.pathInClear))),
        Frozen(.configuredWithPathInClear, .camera(.configured(Sample.id, CameraCodingTests.pathInClear))),
        Frozen(
            .registeredWithSecretPath, .camera(.registered(Sample.id, Sample.plain, CameraCodingTests.hiddenPath))),
        Frozen(.configuredWithSecretPath, .camera(.configured(Sample.id, CameraCodingTests.hiddenPath))),
        Frozen(.erased, .camera(.erased(Sample.id))),
        Frozen(.readingWithSealedFrame, .reading(TelemetryTests.sealedReading)),
        Frozen(.readingOfWholePicture, .reading(wholePicture.reading)),
        Frozen(.correctionOfWholePicture, .correction(wholePicture.correction)),
        Frozen(.probedFile, .probe(probes.file)),
        Frozen(.readingOfTake, .reading(TelemetryTests.readingOfTake)),
        Frozen(.takeBegan, .camera(CameraCodingTests.takeBegan)),
        Frozen(.takeBeganBare, .camera(CameraCodingTests.takeBeganBare)),
        Frozen(.takeResumed, .camera(.takeResumed(Sample.id, CameraCodingTests.recording, take: 2))),
        Frozen(
            .takeEnded,
            .camera(.takeEnded(Sample.id, take: 2, at: CameraCodingTests.recording.startedAt + .milliseconds(79_500)))),
        Frozen(.tokenRevoked, .revocation(revocations.one)), Frozen(.subjectRevoked, .revocation(revocations.some)),
        Frozen(.allRevoked, .revocation(revocations.all)),
    ]

    private static let revocations: (one: TokensRevoked, some: TokensRevoked, all: TokensRevoked) = {
        let time = Timestamp(rfc3339: "2026-03-29T00:30:00Z") ?? Timestamp(microseconds: 0)
        return (
            TokensRevoked(.token(TokenID(stored: "5c1f")), reason: nil),
            TokensRevoked(.subject(TokenSubject(stored: "ana"), issuedBefore: time), reason: Sample.reason),
            TokensRevoked(.all(issuedBefore: time), reason: nil)
        )
    }()

    /// What is about no line, but the whole picture.
    private static let wholePicture: (reading: CountReading, correction: CountCorrection) = {
        do {
            var reading = CountReading(
                cameraID: Sample.id, observedAt: TelemetryTests.observedAt, line: nil,
                objectClass: CountReading.defaultClass, countIn: try Tally(3), countOut: try Tally(0))
            reading.frameData = TelemetryTests.sealedReading.frameData
            let start = CountCorrectionTests.start
            let correction = try CountCorrection(
                cameraID: Sample.id, range: QuarterHours(from: start, to: start + QuarterHours.length), line: nil,
                objectClass: CountReading.defaultClass, delta: CountDelta(in: 2, out: 0), reason: Sample.reason,
                totals: [:])
            return (reading, correction)
        } catch { preconditionFailure("\(error)") }
    }()

    private static func reset(to occupancy: Int64, reason: Reason?) -> OccupancyReset {
        do {
            return try OccupancyReset(
                cameraID: Sample.id, at: Timestamp(rfc3339: "2026-03-29T00:30:00Z") ?? Timestamp(microseconds: 0),
                occupancy: Tally(occupancy), reason: reason)
        } catch { preconditionFailure("\(error)") }
    }

    private static let probes: (seen: StreamProbe, failed: StreamProbe, file: StreamProbe) = {
        let time = TelemetryTests.heartbeats[0].0.observedAt
        var seen = StreamProbe(cameraID: Sample.id, observedAt: time, isOpen: true)
        (seen.codec, seen.width, seen.height) = ("h264", 1920, 1080)
        (seen.fps, seen.responseTime) = (FramesPerSecond(stored: 25), Milliseconds(stored: 140))
        var failed = StreamProbe(cameraID: Sample.id, observedAt: time, isOpen: false)
        (failed.reason, failed.responseTime) = ("timed_out", Milliseconds(stored: 5000))
        failed.detail = ErrorMessage(stored: "No picture came in time.")
        var file = seen
        (file.duration, file.url) = (79_500, "file:///clips/door.mp4")
        return (seen, failed, file)
    }()

    private static let skip = ProjectionEventSkipped(
        projection: ProjectionName(stored: "hourly_counts"),
        skipped: SkippedEvent(
            position: 12, type: "CountReadingRecorded", stream: "telemetry-7",
            error: #"invalid input syntax for type bigint: "many""#, reason: Sample.reason), sqlState: "22P02")
    private static let reactionSkip = ReactionEventSkipped(
        reaction: "door_alerts",
        skipped: SkippedEvent(
            position: 12, type: "CameraStatusChanged", stream: "camera-7", error: "the receiver does not answer",
            reason: Sample.reason))

    @Test(arguments: samples)
    func whatWasEverWrittenIsRead(_ sample: Frozen) throws {
        #expect(try EventMeaning(sample.recorded()) == sample.meaning)
    }

    /// A log's store may give an object's members back in another order, and numbers without their trailing zeros.
    @Test(arguments: samples)
    func aStoresOwnWayOfWritingItIsReadAlike(_ sample: Frozen) throws {
        guard case .object(let members) = try JSON.parse(Array(sample.data.utf8)) else {
            Issue.record("not an object")
            return
        }
        let reversed = JSON.object(members.reversed().reduce(into: [:]) { $0[$1.key] = $1.value })
        let text = String(decoding: reversed.bytes, as: UTF8.self)
            .replacing(/\.0(?=[,\]}])/, with: "")
        let event = NewEvent(type: sample.type, schemaVersion: sample.schemaVersion, data: Array(text.utf8))
        #expect(try EventMeaning(Sample.recorded(event)) == sample.meaning)
    }

    /// A version that this release does not know may mean anything, however much it looks like one that it knows.
    @Test(arguments: samples)
    func anUnknownSchemaVersionIsRefusedByName(_ sample: Frozen) {
        let known = Set(Self.samples.filter { $0.type == sample.type }.map(\.schemaVersion))
        for version in [(known.max() ?? 0) + 1, 0, -1, .max] {
            let error = #expect(throws: EventDecodingError.self) {
                _ = try EventMeaning(sample.recorded(schemaVersion: version))
            }
            #expect(error?.type == sample.type)
            #expect(error?.schemaVersion == version)
            #expect(error?.reason.contains("schema version") == true)
        }
    }

    @Test func everyFrozenEventHasItsMeaning() {
        #expect(Self.samples.map(\.event) == FrozenEvent.all)
    }

    @Test(arguments: EventType.allCases) func everyVersionHasSamplesAndThereIsNoOther(_ type: EventType) {
        let samples = Self.samples.filter { $0.type == type.rawValue }
        #expect(Set(samples.map(\.schemaVersion)) == Set(type.schemaVersions))
    }

    @Test func everySampleIsOfATypeThatThereIs() {
        for sample in Self.samples { #expect(EventType(rawValue: sample.type) != nil, "\(sample.type)") }
    }

    /// A version that is written and has no sample would be unreadable to the next release, and nobody would notice.
    @Test(arguments: EventType.allCases) func whatIsWrittenNowIsAmongThem(_ type: EventType) {
        let written = (Self.samples.map(\.meaning.event) + Self.others).filter { $0.type == type.rawValue }
        #expect(written.map(\.schemaVersion).max() == type.schemaVersions.upperBound)
        let frozen = Set(Self.samples.filter { $0.type == type.rawValue }.map(\.schemaVersion))
        #expect(Set(written.map(\.schemaVersion)).isSubset(of: frozen))
    }

    private static let others =
        CameraCodingTests.samples.map { Camera.encode($0.0) } + [
            TelemetryTests.bareHeartbeat.event, TelemetryTests.sealedReading.event, CountCorrectionTests.lowered.event,
        ]
}
