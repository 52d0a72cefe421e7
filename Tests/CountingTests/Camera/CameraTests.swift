import Counting
import EventSourcing
import Testing

@Suite struct CameraTests {
    let id = Sample.id

    @Test func registeringStartsALife() {
        given().when(.register(id, Sample.plain, Sample.configuration)).then(Sample.registered)
    }

    @Test func registeredCameraIsOfflineAndStopped() {
        let camera = Camera(id: id, description: Sample.plain, configuration: Sample.configuration)
        #expect(given(Sample.registered).state == .registered(camera))
        #expect(camera.status == .offline)
        #expect(camera.desiredState == .stopped)
        #expect(camera.workerID == nil)
        #expect(camera.epoch == 0)
    }

    @Test func registeringTwiceIsRejected() {
        given(Sample.registered).when(.register(id, Sample.renamed, Sample.moved)).thenRejected(.alreadyRegistered)
    }

    @Test func registeringARemovedCameraIsRejected() {
        given(Sample.registered, Sample.removed)
            .when(.register(id, Sample.plain, Sample.configuration)).thenRejected(.removed)
    }

    @Test func registeringWithAMaskForCredentialsIsRejected() {
        let masked = CameraConfiguration(address: Sample.address("rtsp://***@10.0.0.5/"))
        given().when(.register(id, Sample.plain, masked)).thenRejected(.credentialsMasked)
    }

    static let commandsOnACamera: [Camera.Command] = [
        .describe(Sample.renamed), .configure(Sample.moved), .replace(Sample.renamed, Sample.moved),
        .start(worker: nil), .restart(worker: nil), .stop(reason: nil),
        .setStatus(.online, reason: nil, by: .named("ana")),
        .startMonitoring,
        .stopMonitoring, .endTake(1, at: Timestamp(microseconds: 0), reason: nil),
    ]

    @Test(arguments: commandsOnACamera + [.remove(reason: nil)])
    func unregisteredCameraIsUnknown(command: Camera.Command) {
        given().when(command).thenRejected(.unknown)
    }

    @Test(arguments: commandsOnACamera)
    func removedCameraRejectsCommands(command: Camera.Command) {
        given(Sample.registered, Sample.removed).when(command).thenRejected(.removed)
    }

    @Test func removingARemovedCameraChangesNothing() {
        given(Sample.registered, Sample.removed).when(.remove(reason: Sample.reason)).thenNothing()
    }

    @Test func removingEndsALife() {
        given(Sample.registered).when(.remove(reason: Sample.reason)).then(.removed(id, reason: Sample.reason))
        #expect(given(Sample.registered, Sample.removed).state == .removed)
    }

    @Test func runningCameraMayBeRemoved() {
        given(Sample.registered, Sample.started).when(.remove(reason: nil)).then(.removed(id, reason: nil))
    }

    @Test func nothingFollowsARemoval() {
        #expect(given(Sample.registered, Sample.removed, Sample.started).state == .removed)
    }

    @Test func telemetryOpensAndClosesWithTheCamera() {
        #expect(
            Camera.lifecycle(of: Sample.registered, in: id.stream) == StreamLifecycle(opens: ["telemetry-7"]))
        #expect(
            Camera.lifecycle(of: Sample.removed, in: id.stream) == StreamLifecycle(closes: ["camera-7", "telemetry-7"]))
        #expect(Camera.lifecycle(of: Sample.started, in: id.stream) == StreamLifecycle())
    }
}

@Suite struct CameraDescribingTests {
    let id = Sample.id

    @Test func describingReplacesTheDescription() {
        given(Sample.registered).when(.describe(Sample.renamed)).then(.described(id, Sample.renamed))
        let camera = Camera(id: id, description: Sample.renamed, configuration: Sample.configuration)
        #expect(given(Sample.registered, .described(id, Sample.renamed)).state == .registered(camera))
    }

    @Test func equalDescriptionChangesNothing() {
        given(Sample.registered).when(.describe(Sample.plain)).thenNothing()
    }

    @Test func orderOfMetadataChangesNothing() throws {
        var first = Sample.plain
        first.metadata = try FreeformObject(["floor": 2, "door": ["b": 1.5, "a": 1]])
        var second = Sample.plain
        second.metadata = try FreeformObject(["door": ["a": 1, "b": 1.5], "floor": 2])
        given(.registered(id, first, Sample.configuration)).when(.describe(second)).thenNothing()
        second.metadata = try FreeformObject([
            "door": ["a": 1, "b": .number(JSONNumber(text: "1.50"))], "floor": 2,
        ])
        given(.registered(id, first, Sample.configuration)).when(.describe(second)).then(.described(id, second))
    }

    @Test func configuringReplacesTheConfiguration() {
        given(Sample.registered).when(.configure(Sample.moved)).then(.configured(id, Sample.moved))
        let camera = Camera(id: id, description: Sample.plain, configuration: Sample.moved)
        #expect(given(Sample.registered, .configured(id, Sample.moved)).state == .registered(camera))
    }

    @Test func equalConfigurationChangesNothing() {
        given(Sample.registered).when(.configure(Sample.configuration)).thenNothing()
    }

    @Test func linesAreConfiguration() throws {
        let withLine = CameraConfiguration(address: Sample.address, lines: try Lines([Sample.line("door")]))
        given(Sample.registered).when(.configure(withLine)).then(.configured(id, withLine))
    }

    @Test func replacingYieldsWhatChanged() {
        let scenario = given(Sample.registered)
        scenario.when(.replace(Sample.renamed, Sample.moved))
            .then(.described(id, Sample.renamed), .configured(id, Sample.moved))
        scenario.when(.replace(Sample.renamed, Sample.configuration)).then(.described(id, Sample.renamed))
        scenario.when(.replace(Sample.plain, Sample.moved)).then(.configured(id, Sample.moved))
        scenario.when(.replace(Sample.plain, Sample.configuration)).thenNothing()
    }

    @Test func maskKeepsTheCredentialsOfTheSameHost() {
        let masked = CameraConfiguration(address: Sample.address("rtsp://***@10.0.0.5:554/stream2"))
        let kept = CameraConfiguration(address: Sample.kept("rtsp://10.0.0.5:554/stream2", "c0ffee"))
        given(Sample.registered).when(.configure(masked)).then(.configured(id, kept))
        given(Sample.registered).when(.replace(Sample.plain, masked)).then(.configured(id, kept))
    }

    /// What a mask in the second address means where the first one is known: all of the camera's secrets stay, or none.
    @Test(arguments: [
        ("rtsp://cam/a", "rtsp://cam/b", true), ("rtsp://cam/a", "rtsp://CAM:554/a", true),
        ("rtsp://cam:554/a", "rtsp://cam/a", true), ("rtsp://cam/a", "rtsps://cam/a", true),
        ("rtsp://cam:8554/a", "rtsps://cam:8554/a", true), ("http://cam/a", "https://cam/a", true),
        ("rtmp://cam/", "rtmps://cam/", true), ("rtsps://cam/a", "rtsps://cam:322/a", true),
        ("rtsps://cam/a", "rtsp://cam/a", false), ("rtsps://cam:8554/a", "rtsp://cam:8554/a", false),
        ("https://cam/a", "http://cam/a", false), ("rtmps://cam/", "rtmp://cam/", false),
        ("rtsp://cam/a", "rtsp://cam:8554/a", false), ("rtsp://cam:8554/a", "rtsp://cam/a", false),
        ("rtsp://cam/a", "rtsps://cam:8322/a", false), ("rtsp://cam:8554/a", "rtsps://cam/a", false),
        ("rtsps://cam/a", "https://cam/a", false), ("rtmps://cam:443/", "https://cam:443/", false),
        ("rtsp://cam/a", "https://cam/a", false), ("rtsp://cam/a", "http://cam:554/a", false),
        ("rtsp://cam/a", "rtsp://cam./a", false), ("rtsp://cam/a", "rtsp://cam.example/a", false),
        ("rtsp://127.0.0.1/a", "rtsp://127.1/a", false), ("rtsp://[::1]:554/a", "rtsp://[::1]/a", true),
        ("rtsp://cam/a", "file:///a", false),
    ]) func masksKeepSecretsWhereTheyStayAsSafe(known: String, new: String, isKept: Bool) throws {
        let before = CameraConfiguration(
            address: try StreamAddress(known, type: nil).with(.kept(SecretID("c0ffee"))), lines: Lines.none,
            securityConfig: .kept(SecretID("5afe")))
        let registered = given(.registered(id, Sample.plain, before))
        var masked = CameraConfiguration(address: try StreamAddress(new, type: nil))
        masked.securityConfig = .masked
        var kept = masked
        kept.securityConfig = .kept(SecretID("5afe"))
        if isKept {
            registered.when(.configure(masked)).then(.configured(id, kept))
        } else {
            registered.when(.configure(masked)).thenRejected(.securityConfigMasked)
        }
        guard masked.address.type != .file else { return }
        let credentials = CameraConfiguration(address: masked.address.with(.masked))
        if isKept {
            let kept = CameraConfiguration(address: masked.address.with(.kept(SecretID("c0ffee"))))
            registered.when(.configure(credentials)).then(.configured(id, kept))
            registered.when(.replace(Sample.plain, credentials)).then(.configured(id, kept))
        } else {
            registered.when(.configure(credentials)).thenRejected(.credentialsMasked)
        }
    }

    @Test func maskWithoutCredentialsBehindItIsRejected() {
        given(.registered(id, Sample.plain, Sample.moved))
            .when(.configure(CameraConfiguration(address: Sample.address("rtsp://***@10.0.0.6/stream1"))))
            .thenRejected(.credentialsMasked)
    }

    @Test func secretInClearIsNeverDecided() {
        let clear = CameraConfiguration(address: Sample.addressInClear)
        given().when(.register(id, Sample.plain, clear)).thenRejected(.secretInClear)
        given(Sample.registered).when(.configure(clear)).thenRejected(.secretInClear)
        let old = Camera.Event.registered(id, Sample.plain, clear)
        let masked = CameraConfiguration(address: Sample.address("rtsp://***@10.0.0.5:554/stream2"))
        given(old).when(.configure(masked)).thenRejected(.secretInClear)
        var config = Sample.configuration
        config.securityConfig = .clear("{}")
        given(Sample.registered).when(.configure(config)).thenRejected(.secretInClear)
    }

    @Test func maskKeepsTheSecurityConfig() {
        var known = Sample.configuration
        known.securityConfig = .kept(SecretID("5afe"))
        var masked = known
        masked.securityConfig = .masked
        let registered = Camera.Event.registered(id, Sample.plain, known)
        given(registered).when(.configure(masked)).thenNothing()
        given(registered).when(.configure(Sample.configuration)).then(.configured(id, Sample.configuration))
        given(Sample.registered).when(.configure(masked)).thenRejected(.securityConfigMasked)
        given().when(.register(id, Sample.plain, masked)).thenRejected(.securityConfigMasked)
    }

    @Test func removalMayDestroyTheKey() {
        given(Sample.registered).when(.remove(reason: nil, erasing: true)).then(Sample.removed, Sample.erased)
        given(Sample.registered, Sample.removed, Sample.erased).when(.remove(reason: nil, erasing: true)).thenNothing()
        #expect(given(Sample.registered, Sample.removed, Sample.erased).state == .removed)
    }

    @Test func secretsDoNotShowInText() {
        let command = Camera.Command.configure(CameraConfiguration(address: Sample.addressInClear))
        for text in ["\(command)", String(reflecting: command)] { #expect(!text.contains("s%40crt"), "\(text)") }
        var text = ""
        dump(command, to: &text)
        #expect(!text.contains("s%40crt"), "\(text)")
    }
}

@Suite struct CameraMonitoringTests {
    let id = Sample.id

    @Test func monitoringIsSwitchedOnAndOff() {
        given(Sample.registered).when(.startMonitoring).then(.monitoringStarted(id))
        given(Sample.registered, .monitoringStarted(id)).when(.stopMonitoring).then(.monitoringStopped(id))
        given(Sample.registered, .monitoringStarted(id), .monitoringStopped(id))
            .when(.startMonitoring).then(.monitoringStarted(id))
    }

    @Test func whatIsAsAskedForChangesNothing() {
        given(Sample.registered).when(.stopMonitoring).thenNothing()
        given(Sample.registered, .monitoringStarted(id)).when(.startMonitoring).thenNothing()
    }

    @Test func monitoringGoesOnWhileACameraIsStoppedOrMaintained() {
        let state = given(
            Sample.registered, .monitoringStarted(id), Sample.started, .stopped(id, reason: nil),
            Sample.status(.offline, .maintenance)
        ).state
        guard case .registered(let camera) = state else {
            Issue.record("the camera is registered")
            return
        }
        #expect(camera.isMonitored)
    }
}
