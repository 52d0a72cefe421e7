import Counting
import EventSourcing
import Testing

/// What starts, stops and changes mean for a recording: each passage of it is counted once.
@Suite struct RecordingTests {
    private let id = Sample.id
    private let a = Sample.workerA
    private let b = Sample.workerB
    private static let eight = Timestamp(rfc3339: "2026-03-01T08:00:00Z") ?? Timestamp(microseconds: 0)
    private static let nine = eight + .seconds(3600)
    private static let end = eight + .seconds(80)

    private static func description(
        _ start: Timestamp? = eight, pace: CameraSettings.Pace? = nil, name: String = "Entrance",
        confidence: Double? = nil,
        detector: CameraSettings.Detector? = nil
    ) -> CameraDescription {
        var description = CameraDescription(name: CameraName(stored: name))
        description.settings.startedAt = start
        description.settings.pace = pace
        description.settings.detector = detector
        description.settings.confidence = confidence.map { value in valid { try Confidence(value) } }
        return description
    }

    private static func configuration(
        _ url: String = "file:///clips/a.avi", lines: [Line] = [Sample.line("door")]
    ) -> CameraConfiguration {
        valid { CameraConfiguration(address: Sample.address(url, .file), lines: try Lines(lines)) }
    }

    private static func recording(_ url: String = "file:///clips/a.avi", _ start: Timestamp = eight) -> Recording {
        Recording(url: url, startedAt: start)
    }

    private static func take(
        _ number: Int64, _ description: CameraDescription = description(),
        _ configuration: CameraConfiguration = configuration(), replaces: Int64? = nil
    ) -> Take {
        Take(
            number: number, rules: CountingRules(description.settings, configuration.lines), replaces: replaces)
    }

    private var registered: Camera.Event { .registered(id, Self.description(), Self.configuration()) }
    private var running: [Camera.Event] {
        [registered, .started(id, a, epoch: 1), .takeBegan(id, Self.recording(), Self.take(1))]
    }
    private var ended: [Camera.Event] {
        running + [.takeEnded(id, take: 1, at: Self.end), .stopped(id, reason: nil)]
    }

    @Test func theFirstStartBeginsATake() {
        given(registered).when(.start(worker: a))
            .then(.started(id, a, epoch: 1), .takeBegan(id, Self.recording(), Self.take(1)))
    }

    @Test func whatIsLiveOrUndatedHasNoTakes() {
        given(.registered(id, Self.description(nil), Self.configuration())).when(.start(worker: a))
            .then(.started(id, a, epoch: 1))
        given(.registered(id, Self.description(), Sample.configuration)).when(.start(worker: a))
            .then(.started(id, a, epoch: 1))
    }

    @Test func theEndOfARecordingEndsItsTakeAndStopsTheCamera() {
        given(running).when(.endTake(1, at: Self.end, reason: Sample.reason))
            .then(.takeEnded(id, take: 1, at: Self.end), .stopped(id, reason: Sample.reason))
        given(ended).when(.endTake(1, at: Self.end, reason: nil)).thenNothing()
    }

    @Test func theEndOfATakeThatIsNotTheCurrentOneChangesNothing() {
        let configuration = Self.configuration(lines: [Sample.line("gate")])
        let changed =
            running + [
                .configured(id, configuration),
                .takeBegan(id, Self.recording(), Self.take(2, Self.description(), configuration, replaces: 1)),
            ]
        given(changed).when(.endTake(1, at: Self.end, reason: nil)).thenNothing()
        given(changed).when(.endTake(3, at: Self.end, reason: nil)).thenNothing()
    }

    @Test(arguments: [
        Camera.Command.start(worker: nil), .start(worker: Sample.workerB), .restart(worker: nil),
        .restart(worker: Sample.workerB),
    ])
    func aStartAfterTheEndChangesNothing(_ command: Camera.Command) {
        given(ended).when(command).thenNothing()
    }

    @Test func anInterruptedTakeGoesOn() {
        given(running + [.stopped(id, reason: nil)]).when(.start(worker: a)).then(.started(id, a, epoch: 2))
        given(running).when(.restart(worker: a)).then(.restarted(id, a, epoch: 2))
        given(running).when(.start(worker: b)).then(.started(id, b, epoch: 2))
    }

    /// Name, place and pace have no part in what is counted.
    @Test func whatDoesNotChangeTheCountKeepsTheTake() {
        let renamed = Self.description(name: "Exit")
        given(running).when(.describe(renamed)).then(.described(id, renamed))
        let faster = Self.description(pace: .fast)
        given(running).when(.describe(faster)).then(.described(id, faster))
        let spelledOut = Self.description(confidence: 0.3, detector: .auto)
        given(running).when(.describe(spelledOut)).then(.described(id, spelledOut))
    }

    static let changes: [(CameraDescription, CameraConfiguration)] = [
        (description(confidence: 0.31), configuration()), (description(detector: .motion), configuration()),
        (description(), configuration(lines: [])),
        (description(), configuration(lines: [Sample.line("door"), Sample.line("gate")])),
    ]

    @Test(arguments: changes.indices)
    func aChangeOfWhatIsCountedBeginsATakeThatReplacesTheLast(_ index: Int) {
        let (description, configuration) = Self.changes[index]
        let described: [Camera.Event] = description == Self.description() ? [] : [.described(id, description)]
        let configured: [Camera.Event] = configuration == Self.configuration() ? [] : [.configured(id, configuration)]
        let second = Camera.Event.takeBegan(id, Self.recording(), Self.take(2, description, configuration, replaces: 1))
        let changed = described + configured
        #expect(given(running).when(.replace(description, configuration)) == changed + [second])
        // A stopped camera waits for its start; a change that is taken back by then is none.
        #expect(given(ended).when(.replace(description, configuration)) == changed)
        given(ended + changed).when(.start(worker: a)).then(.started(id, a, epoch: 2), second)
        given(ended + changed + [.described(id, Self.description()), .configured(id, Self.configuration())])
            .when(.start(worker: a)).thenNothing()
    }

    @Test func changesThereAndBackCountTheRecordingOnceMore() {
        let other = Self.description(confidence: 0.5)
        let back =
            running + [.described(id, other), .takeBegan(id, Self.recording(), Self.take(2, other, replaces: 1))]
        given(back).when(.describe(Self.description()))
            .then(.described(id, Self.description()), .takeBegan(id, Self.recording(), Self.take(3, replaces: 2)))
    }

    @Test func anotherRecordingHasATakeOfItsOwnAndTheFirstGoesOnAfterIt() {
        let configuration = Self.configuration("file:///clips/b.avi")
        let second = Camera.Event.takeBegan(id, Self.recording("file:///clips/b.avi"), Self.take(2))
        given(running).when(.configure(configuration)).then(.configured(id, configuration), second)
        given(running + [.configured(id, configuration), second]).when(.configure(Self.configuration()))
            .then(.configured(id, Self.configuration()), .takeResumed(id, Self.recording(), take: 1))
        let nine = Self.description(Self.nine)
        given(running).when(.describe(nine))
            .then(.described(id, nine), .takeBegan(id, Self.recording("file:///clips/a.avi", Self.nine), Self.take(2)))
    }

    @Test func goingBackToACountedRecordingStopsTheCamera() {
        let configuration = Self.configuration("file:///clips/b.avi")
        let later =
            ended + [
                .configured(id, configuration), .started(id, a, epoch: 2),
                .takeBegan(id, Self.recording("file:///clips/b.avi"), Self.take(2)),
            ]
        given(later).when(.configure(Self.configuration()))
            .then(
                .configured(id, Self.configuration()),
                .stopped(id, reason: Reason(stored: "counted to its end before")))
    }

    @Test func aRecountIsATakeWithoutAChange() {
        given(ended).when(.restart(worker: nil, recount: true))
            .then(.restarted(id, a, epoch: 2), .takeBegan(id, Self.recording(), Self.take(2, replaces: 1)))
        given(running).when(.restart(worker: nil, recount: true))
            .then(.restarted(id, a, epoch: 2), .takeBegan(id, Self.recording(), Self.take(2, replaces: 1)))
        given(Sample.registered, Sample.started).when(.restart(worker: nil, recount: true))
            .thenRejected(.notARecording)
    }

    /// As it was left by a release without takes.
    @Test func aRunningCameraWithoutATakeGetsOneWithTheNextCommand() {
        given(registered, .started(id, a, epoch: 1)).when(.setStatus(.error, reason: nil, by: .worker))
            .then(
                .statusChanged(id, from: .offline, to: .error, reason: nil),
                .takeBegan(id, Self.recording(), Self.take(1)))
    }
}
