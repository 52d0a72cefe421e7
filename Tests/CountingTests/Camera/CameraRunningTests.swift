import Counting
import Testing

@Suite struct CameraRunningTests {
    let id = Sample.id
    let a = Sample.workerA
    let b = Sample.workerB

    @Test func firstStartGoesToTheDefaultWorker() {
        given(Sample.registered).when(.start(worker: nil)).then(.started(id, .default, epoch: 1))
        given(Sample.registered).when(.restart(worker: nil)).then(.restarted(id, .default, epoch: 1))
    }

    @Test func startGoesToTheNamedWorker() {
        given(Sample.registered).when(.start(worker: a)).then(.started(id, a, epoch: 1))
    }

    @Test func startedCameraRuns() {
        var camera = Camera(id: id, description: Sample.plain, configuration: Sample.configuration)
        (camera.desiredState, camera.workerID, camera.epoch) = (.running, a, 1)
        #expect(given(Sample.registered, Sample.started).state == .registered(camera))
        (camera.workerID, camera.epoch) = (b, 2)
        #expect(given(Sample.registered, Sample.started, .restarted(id, b, epoch: 2)).state == .registered(camera))
    }

    @Test func startingARunningCameraChangesNothing() {
        given(Sample.registered, Sample.started).when(.start(worker: a)).thenNothing()
        given(Sample.registered, Sample.started).when(.start(worker: nil)).thenNothing()
    }

    @Test func startingARunningCameraElsewhereMovesIt() {
        given(Sample.registered, Sample.started).when(.start(worker: b)).then(.started(id, b, epoch: 2))
    }

    @Test func startAfterAStopReturnsToTheLastWorker() {
        given(Sample.registered, Sample.started, .stopped(id, reason: nil))
            .when(.start(worker: nil)).then(.started(id, a, epoch: 2))
    }

    @Test func restartAlwaysBeginsAnEpoch() {
        let running = given(Sample.registered, Sample.started)
        running.when(.restart(worker: nil)).then(.restarted(id, a, epoch: 2))
        running.when(.restart(worker: a)).then(.restarted(id, a, epoch: 2))
        running.when(.restart(worker: b)).then(.restarted(id, b, epoch: 2))
    }

    @Test func restartStartsAStoppedCamera() {
        let stopped = given(Sample.registered, Sample.started, .stopped(id, reason: nil))
        stopped.when(.restart(worker: nil)).then(.restarted(id, a, epoch: 2))
    }

    @Test func stopKeepsWorkerAndEpoch() {
        given(Sample.registered, Sample.started)
            .when(.stop(reason: Sample.reason)).then(.stopped(id, reason: Sample.reason))
        var camera = Camera(id: id, description: Sample.plain, configuration: Sample.configuration)
        (camera.desiredState, camera.workerID, camera.epoch) = (.stopped, a, 1)
        #expect(given(Sample.registered, Sample.started, .stopped(id, reason: nil)).state == .registered(camera))
    }

    @Test func stoppingAStoppedCameraChangesNothing() {
        given(Sample.registered).when(.stop(reason: Sample.reason)).thenNothing()
    }

    @Test func onlyTheWorkersOwnCameraIsReleased() {
        let running = given(Sample.registered, Sample.started)
        running.when(.release(from: a, reason: Sample.reason)).then(.stopped(id, reason: Sample.reason))
        running.when(.release(from: a, reason: nil)).then(.stopped(id, reason: Reason(stored: "released")))
        running.when(.release(from: b, reason: nil)).thenRejected(.notAssigned(to: b))
        given(Sample.registered, Sample.started, .stopped(id, reason: nil))
            .when(.release(from: a, reason: nil)).thenNothing()
        given(Sample.registered).when(.release(from: a, reason: nil)).thenRejected(.notAssigned(to: a))
    }

    @Test func cameraInMaintenanceDoesNotStart() {
        let maintained = given(Sample.registered, Sample.status(.offline, .maintenance))
        maintained.when(.start(worker: nil)).thenRejected(.inMaintenance)
        maintained.when(.restart(worker: a)).thenRejected(.inMaintenance)
    }

    @Test func cameraStartsAgainAfterMaintenance() {
        given(
            Sample.registered, Sample.status(.offline, .maintenance), Sample.status(.maintenance, .offline)
        ).when(.start(worker: a)).then(.started(id, a, epoch: 1))
    }

    @Test func onlyPeopleEndMaintenance() throws {
        let maintained = given(
            Sample.registered, Sample.started, .stopped(id, reason: nil), Sample.status(.offline, .maintenance))
        guard case .registered(let camera) = maintained.state else {
            Issue.record("the camera is registered")
            return
        }
        let worker = try #require(camera.workerID)
        for source in [StatusSource.worker, .named(worker.text), .server] {
            for status in [CameraStatus.offline, .online, .error] {
                maintained.when(.setStatus(status, reason: nil, by: source)).thenRejected(.inMaintenance)
            }
        }
        maintained.when(.setStatus(.offline, reason: nil, by: .named("ana"))).then(
            Sample.status(.maintenance, .offline))
    }

    @Test func startAndStopBeginWithOffline() {
        let online = given(Sample.registered, Sample.started, Sample.status(.offline, .online))
        for event in [Camera.Event.stopped(id, reason: nil), .restarted(id, a, epoch: 2), .started(id, a, epoch: 2)] {
            guard case .registered(let camera) = Camera.evolve(online.state, event) else {
                Issue.record("the camera is registered")
                continue
            }
            #expect(camera.status == .offline, "\(event)")
        }
    }

    @Test func aWorkerSaysOfAStoppedCameraOnlyThatItIsOffline() {
        let stopped = given(Sample.registered, Sample.started, .stopped(id, reason: nil))
        for status in [CameraStatus.online, .error] {
            stopped.when(.setStatus(status, reason: nil, by: .worker)).thenNothing()
        }
        given(Sample.registered, Sample.started, .stopped(id, reason: nil), Sample.status(.offline, .error))
            .when(.setStatus(.offline, reason: nil, by: .worker)).then(Sample.status(.error, .offline))
    }

    @Test func maintenanceStopsARunningCamera() {
        given(Sample.registered, Sample.started).when(
            .setStatus(.maintenance, reason: Sample.reason, by: .named("ana"))
        )
        .then(
            .stopped(id, reason: Reason(stored: "maintenance")),
            .statusChanged(id, from: .offline, to: .maintenance, reason: Sample.reason))
    }
}

@Suite struct CameraStatusTests {
    static let allowed: Set<[CameraStatus]> = [
        [.offline, .online], [.offline, .maintenance], [.offline, .error],
        [.online, .offline], [.online, .maintenance], [.online, .error],
        [.error, .offline], [.error, .online], [.error, .maintenance],
        [.maintenance, .offline],
    ]

    /// A stopped camera's history that ends in `status`.
    static func history(to status: CameraStatus) -> [Camera.Event] {
        status == .offline ? [Sample.registered] : [Sample.registered, Sample.status(.offline, status)]
    }

    @Test(arguments: CameraStatus.allCases, CameraStatus.allCases)
    func onlyTheTableOfTransitionsIsAllowed(old: CameraStatus, new: CameraStatus) {
        let outcome = given(Self.history(to: old)).when(.setStatus(new, reason: nil, by: .named("ana")))
        if old == new {
            outcome.thenNothing()
        } else if Self.allowed.contains([old, new]) {
            outcome.then(Sample.status(old, new))
        } else {
            outcome.thenRejected(.transitionNotAllowed(from: old, to: new))
        }
    }

    @Test(arguments: CameraStatus.allCases)
    func statusFolds(status: CameraStatus) {
        guard case .registered(let camera) = given(Self.history(to: status)).state else {
            Issue.record("the camera is registered")
            return
        }
        #expect(camera.status == status)
    }
}
