import EventSourcing

/// A camera's life, from its registration to its removal.
package struct Camera: Hashable, Sendable {
    package let id: CameraID
    package var description: CameraDescription
    package var configuration: CameraConfiguration
    /// What was said last of it since it was started or stopped: either begins with `offline`. What heartbeats say and
    /// silence makes of it is known where the status is shown.
    package var status = CameraStatus.offline
    package var desiredState = DesiredState.stopped
    /// The worker it is assigned to, or was when it last ran.
    package var workerID: WorkerID?
    /// The number of starts and restarts: a worker with an older one has lost the camera.
    package var epoch: Int64 = 0
    /// Lines that it had, and has not any more: what was counted at them may still come in.
    package private(set) var formerLines: Set<LineName> = []
    /// Whether the server itself looks after it now and then, beside its worker.
    package var isMonitored = false
    /// What was counted of recordings.
    package var takes = Takes()

    package init(id: CameraID, description: CameraDescription, configuration: CameraConfiguration) {
        self.id = id
        self.description = description
        self.configuration = configuration
    }
}

extension Camera {
    /// Whether it has a line of this name, or ever had. Once true, always true.
    package func everHad(_ line: LineName) -> Bool {
        // What earlier releases stored may be in another form than what is sent now.
        let line = line.inNormalForm
        return configuration.lines.all.contains { $0.name.inNormalForm == line } || formerLines.contains(line)
    }

    /// What a reading is about that names no line: the only line that there is, else the whole picture.
    package var defaultLine: LineName? {
        configuration.lines.all.count == 1 ? configuration.lines.all[0].name.inNormalForm : nil
    }
}

extension Camera: Decider {
    package enum State: Hashable, Sendable {
        case unregistered
        case registered(Camera)
        case removed
    }

    package enum Command: Hashable, Sendable {
        case register(CameraID, CameraDescription, CameraConfiguration)
        case describe(CameraDescription)
        case configure(CameraConfiguration)
        /// Describes and configures at once.
        case replace(CameraDescription, CameraConfiguration)
        /// Tunes how it is counted. A setting that is given as it holds already, by default perhaps, stays as it is.
        case adjust(CameraSettings, Lines, TimeZoneName)
        /// Without a worker: the one it had last, else the default one. A running camera moves to another worker, and
        /// stays as it is with the same.
        case start(worker: WorkerID?)
        /// As `start`, but a camera that runs already begins again too.
        /// - Parameter recount: whether a recording is counted again although nothing changed about its counting.
        case restart(worker: WorkerID?, recount: Bool = false)
        case stop(reason: Reason?)
        /// Stops it because its recording was counted to the end, which lies at that instant.
        case endTake(Int64, at: Timestamp, reason: Reason?)
        /// Stops it where it is that worker's.
        case release(from: WorkerID, reason: Reason?)
        /// Only people take a camera out of maintenance. A worker says nothing more of a camera that was stopped than that
        /// it is offline.
        case setStatus(CameraStatus, reason: Reason?, by: StatusSource)
        case startMonitoring
        case stopMonitoring
        /// - Parameter erasing: whether its key is to be destroyed, and with it all that it protects.
        case remove(reason: Reason?, erasing: Bool = false)
    }

    package enum Event: Hashable, Sendable {
        case registered(CameraID, CameraDescription, CameraConfiguration)
        case described(CameraID, CameraDescription)
        case configured(CameraID, CameraConfiguration)
        case started(CameraID, WorkerID, epoch: Int64)
        case restarted(CameraID, WorkerID, epoch: Int64)
        case stopped(CameraID, reason: Reason?)
        case statusChanged(CameraID, from: CameraStatus, to: CameraStatus, reason: Reason?)
        case monitoringStarted(CameraID)
        case monitoringStopped(CameraID)
        /// The take is counted from the recording's beginning, and replaces the one that it names.
        case takeBegan(CameraID, Recording, Take)
        /// A take that was interrupted by another recording goes on.
        case takeResumed(CameraID, Recording, take: Int64)
        case takeEnded(CameraID, take: Int64, at: Timestamp)
        case removed(CameraID, reason: Reason?)
        /// The camera's key is destroyed in the transaction that appends this.
        case erased(CameraID)
    }

    package enum Rejection: Error, Hashable, Sendable {
        case unknown
        case removed
        case alreadyRegistered
        case inMaintenance
        case notAssigned(to: WorkerID)
        case transitionNotAllowed(from: CameraStatus, to: CameraStatus)
        /// A masked URL was given back, and there is nothing to put behind its mask, or it was given for another scheme, host
        /// or port.
        case credentialsMasked
        /// As `credentialsMasked`, of the security configuration.
        case securityConfigMasked
        /// Secrets are encrypted before a command is decided; this one was not.
        case secretInClear
        /// Only a recording is counted again: what is live has passed.
        case notARecording
    }

    package static let initial = State.unregistered

    package static func decide(_ command: Command, _ state: State) throws(Rejection) -> [Event] {
        switch (command, state) {
        case (.register(let id, let description, let configuration), .unregistered):
            return [.registered(id, description, try configuration.storable(over: nil))]
        case (.register, .registered): throw .alreadyRegistered
        case (_, .unregistered): throw .unknown
        case (.remove, .removed): return []
        case (_, .removed): throw .removed
        case (_, .registered(let camera)):
            let events = try camera.decide(command)
            var recounting = false
            if case .restart(_, recount: true) = command { recounting = true }
            return events + camera.takeEvents(after: events, recounting: recounting)
        }
    }

    private func decide(_ command: Command) throws(Rejection) -> [Event] {
        switch command {
        case .register: throw .alreadyRegistered
        case .describe(let new): return describe(new)
        case .configure(let new): return try configure(new)
        case .replace(let description, let configuration):
            return try describe(description) + configure(configuration)
        case .adjust(let settings, let lines, let timeZone): return try adjust(settings, lines, timeZone)
        case .start(let worker):
            let worker = worker ?? workerID ?? .default
            guard status != .maintenance else { throw .inMaintenance }
            guard desiredState == .stopped || worker != workerID, !isCounted else { return [] }
            return [.started(id, worker, epoch: epoch + 1)]
        case .restart(let worker, let recount):
            guard status != .maintenance else { throw .inMaintenance }
            guard !recount || recording != nil else { throw .notARecording }
            guard recount || !isCounted else { return [] }
            return [.restarted(id, worker ?? workerID ?? .default, epoch: epoch + 1)]
        case .stop(let reason): return stop(reason)
        case .endTake(let take, let instant, let reason): return endTake(take, at: instant, reason)
        case .release(let worker, let reason):
            guard worker == workerID else { throw .notAssigned(to: worker) }
            return stop(reason ?? Reason(stored: "released"))
        case .setStatus(let new, let reason, let source): return try setStatus(new, reason, source)
        case .startMonitoring: return isMonitored ? [] : [.monitoringStarted(id)]
        case .stopMonitoring: return isMonitored ? [.monitoringStopped(id)] : []
        case .remove(let reason, let erasing):
            return [.removed(id, reason: reason)] + (erasing ? [.erased(id)] : [])
        }
    }

    private func describe(_ new: CameraDescription) -> [Event] {
        new == description ? [] : [.described(id, new)]
    }

    private func configure(_ new: CameraConfiguration) throws(Rejection) -> [Event] {
        let new = try new.storable(over: configuration)
        return new == configuration ? [] : [.configured(id, new)]
    }

    private func adjust(_ settings: CameraSettings, _ lines: Lines, _ timeZone: TimeZoneName) throws(Rejection)
        -> [Event]
    {
        var description = description
        description.settings = settings.asChange(of: description.settings)
        description.timeZone = timeZone
        var configuration = configuration
        configuration.lines = lines
        let configured = configuration == self.configuration ? [] : try configure(configuration)
        return describe(description) + configured
    }

    private func stop(_ reason: Reason?) -> [Event] {
        desiredState == .stopped ? [] : [.stopped(id, reason: reason)]
    }

    /// Maintenance stops a running camera first: somebody is at work on it, and it starts again only when they say so.
    private func setStatus(
        _ new: CameraStatus, _ reason: Reason?, _ source: StatusSource
    ) throws(Rejection) -> [Event] {
        if new == status { return [] }
        let isWorker = source.isWorker(of: self)
        if status == .maintenance, isWorker || source == .server { throw .inMaintenance }
        if isWorker, desiredState == .stopped, new != .offline { return [] }
        guard status.successors.contains(new) else { throw .transitionNotAllowed(from: status, to: new) }
        let stopped = new == .maintenance ? stop(Reason(stored: "maintenance")) : []
        return stopped + [.statusChanged(id, from: status, to: new, reason: reason)]
    }

    package static func evolve(_ state: State, _ event: Event) -> State {
        if case .registered(let id, let description, let configuration) = event {
            return .registered(Camera(id: id, description: description, configuration: configuration))
        }
        guard case .registered(var camera) = state else { return state }
        switch event {
        case .registered: break
        case .described(_, let description): camera.description = description
        case .configured(_, let configuration):
            camera.formerLines.formUnion(camera.configuration.lines.all.map(\.name.inNormalForm))
            camera.formerLines.subtract(configuration.lines.all.map(\.name.inNormalForm))
            camera.configuration = configuration
        case .started(_, let worker, let epoch), .restarted(_, let worker, let epoch):
            (camera.desiredState, camera.workerID, camera.epoch) = (.running, worker, epoch)
            camera.status = .offline
        case .stopped:
            camera.desiredState = .stopped
            if camera.status != .maintenance { camera.status = .offline }
        case .statusChanged(_, _, let new, _): camera.status = new
        case .monitoringStarted: camera.isMonitored = true
        case .monitoringStopped: camera.isMonitored = false
        case .takeBegan(_, let recording, let take): camera.takes.begin(take, of: recording)
        case .takeResumed(_, _, let take): camera.takes.resume(take)
        case .takeEnded(_, let take, let instant): camera.takes.end(take, at: instant)
        case .removed, .erased: return .removed
        }
        return .registered(camera)
    }

    package static func lifecycle(of event: Event, in stream: StreamName) -> StreamLifecycle {
        switch event {
        case .registered(let id, _, _): StreamLifecycle(opens: [id.telemetryStream])
        case .removed(let id, _): StreamLifecycle(closes: [id.stream, id.telemetryStream])
        default: StreamLifecycle()
        }
    }
}

extension CameraConfiguration {
    /// The configuration with what stands behind its masks, and nothing in clear.
    fileprivate func storable(over known: CameraConfiguration?) throws(Camera.Rejection) -> CameraConfiguration {
        var storable = self
        if address.credentials == .masked || address.path == .masked {
            guard let address = known.flatMap({ address.unmasked(by: $0.address) }) else { throw .credentialsMasked }
            storable.address = address
        }
        if securityConfig == .masked {
            guard let known, let securityConfig = known.securityConfig, address.keepsSecrets(of: known.address) else {
                throw .securityConfigMasked
            }
            storable.securityConfig = securityConfig
        }
        guard storable.secrets.allSatisfy({ $0.id != nil }) else { throw .secretInClear }
        return storable
    }
}
