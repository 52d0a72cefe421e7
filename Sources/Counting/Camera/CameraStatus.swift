/// How a camera fares.
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

/// Whether an operator wants the camera watched.
package enum DesiredState: String, CaseIterable, Sendable {
    case running, stopped
}
