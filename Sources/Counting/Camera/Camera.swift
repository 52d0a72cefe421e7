import EventSourcing

/// A camera's life, from its registration to its removal.
package struct Camera: Hashable, Sendable {
    package let id: CameraID
    package var description: CameraDescription
    package var configuration: CameraConfiguration
    package var status = CameraStatus.offline
    package var desiredState = DesiredState.stopped
    /// The worker it is assigned to, or was when it last ran.
    package var workerID: WorkerID?
    /// The number of starts and restarts: a worker with an older one has lost the camera.
    package var epoch: Int64 = 0
    /// Whether the server itself looks after it now and then, beside its worker.
    package var isMonitored = false

    package init(id: CameraID, description: CameraDescription, configuration: CameraConfiguration) {
        self.id = id
        self.description = description
        self.configuration = configuration
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
        case adjust(Settings, Lines, TimeZoneName)
        /// Without a worker: the one it had last, else the default one. A running camera moves to another worker, and
        /// stays as it is with the same.
        case start(worker: WorkerID?)
        /// As `start`, but a camera that runs already begins anew too.
        case restart(worker: WorkerID?)
        case stop(reason: Reason?)
        /// Stops it where it is that worker's.
        case release(from: WorkerID, reason: Reason?)
        case setStatus(CameraStatus, reason: Reason?)
        case startMonitoring
        case stopMonitoring
        case remove(reason: Reason?)
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
        case removed(CameraID, reason: Reason?)
    }

    package enum Rejection: Error, Hashable, Sendable {
        case unknown
        case removed
        case alreadyRegistered
        case inMaintenance
        case notAssigned(to: WorkerID)
        case transitionNotAllowed(from: CameraStatus, to: CameraStatus)
        /// A masked URL was given back, and there are no credentials to put behind the mask.
        case credentialsMasked
    }

    package static let initial = State.unregistered

    package static func decide(_ command: Command, _ state: State) throws(Rejection) -> [Event] {
        switch (command, state) {
        case (.register(let id, let description, let configuration), .unregistered):
            guard !configuration.address.isMasked else { throw .credentialsMasked }
            return [.registered(id, description, configuration)]
        case (.register, .registered): throw .alreadyRegistered
        case (_, .unregistered): throw .unknown
        case (.remove, .removed): return []
        case (_, .removed): throw .removed
        case (_, .registered(let camera)): return try camera.decide(command)
        }
    }

    private func decide(_ command: Command) throws(Rejection) -> [Event] {
        switch command {
        case .register: throw .alreadyRegistered
        case .describe(let new): return describe(new)
        case .configure(let new): return try configure(new)
        case .replace(let description, let configuration):
            return try describe(description) + configure(configuration)
        case .adjust(let settings, let lines, let timeZone): return adjust(settings, lines, timeZone)
        case .start(let worker):
            let worker = worker ?? workerID ?? .default
            guard status != .maintenance else { throw .inMaintenance }
            guard desiredState == .stopped || worker != workerID else { return [] }
            return [.started(id, worker, epoch: epoch + 1)]
        case .restart(let worker):
            guard status != .maintenance else { throw .inMaintenance }
            return [.restarted(id, worker ?? workerID ?? .default, epoch: epoch + 1)]
        case .stop(let reason): return stop(reason)
        case .release(let worker, let reason):
            guard worker == workerID else { throw .notAssigned(to: worker) }
            return stop(reason ?? Reason(stored: "released"))
        case .setStatus(let new, let reason): return try setStatus(new, reason)
        case .startMonitoring: return isMonitored ? [] : [.monitoringStarted(id)]
        case .stopMonitoring: return isMonitored ? [.monitoringStopped(id)] : []
        case .remove(let reason): return [.removed(id, reason: reason)]
        }
    }

    private func describe(_ new: CameraDescription) -> [Event] {
        new == description ? [] : [.described(id, new)]
    }

    private func configure(_ new: CameraConfiguration) throws(Rejection) -> [Event] {
        guard let address = new.address.unmasked(by: configuration.address) else { throw .credentialsMasked }
        let new = CameraConfiguration(address: address, lines: new.lines)
        return new == configuration ? [] : [.configured(id, new)]
    }

    private func adjust(_ settings: Settings, _ lines: Lines, _ timeZone: TimeZoneName) -> [Event] {
        var description = description
        description.settings = settings.asChange(of: description.settings)
        description.timeZone = timeZone
        let configuration = CameraConfiguration(address: configuration.address, lines: lines)
        return describe(description) + (configuration == self.configuration ? [] : [.configured(id, configuration)])
    }

    private func stop(_ reason: Reason?) -> [Event] {
        desiredState == .stopped ? [] : [.stopped(id, reason: reason)]
    }

    /// Maintenance stops a running camera first: somebody is at work on it, and it starts again only when they say so.
    private func setStatus(_ new: CameraStatus, _ reason: Reason?) throws(Rejection) -> [Event] {
        if new == status { return [] }
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
        case .configured(_, let configuration): camera.configuration = configuration
        case .started(_, let worker, let epoch), .restarted(_, let worker, let epoch):
            (camera.desiredState, camera.workerID, camera.epoch) = (.running, worker, epoch)
        case .stopped: camera.desiredState = .stopped
        case .statusChanged(_, _, let new, _): camera.status = new
        case .monitoringStarted: camera.isMonitored = true
        case .monitoringStopped: camera.isMonitored = false
        case .removed: return .removed
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
