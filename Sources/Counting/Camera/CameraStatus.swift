/// The status of a camera.
package enum CameraStatus: String, CaseIterable, Sendable {
    case online, offline, maintenance, error

    /// The statuses that may follow this one; staying the same is no transition.
    /// Maintenance ends in `offline` only: nothing is claimed about a camera until it was seen again.
    package var successors: [CameraStatus] {
        switch self {
        case .offline: [.online, .maintenance, .error]
        case .online: [.offline, .maintenance, .error]
        case .error: [.offline, .online, .maintenance]
        case .maintenance: [.offline]
        }
    }
}

/// Who says what a camera's status is.
package enum StatusSource: Hashable, Sendable {
    /// A person, or a program that acts for one, under this name. Under the name of the camera's worker it is that
    /// worker.
    case named(String)
    case worker
    /// The server, which looks after monitored cameras itself.
    case server

    func isWorker(of camera: Camera) -> Bool {
        switch self {
        case .named(let name): name == camera.workerID?.text
        case .worker: true
        case .server: false
        }
    }
}

/// Whether an operator wants the camera watched.
package enum DesiredState: String, CaseIterable, Sendable {
    case running, stopped
}
