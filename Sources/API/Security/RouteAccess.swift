import Access

/// What a route asks of who uses it.
enum RouteAccess: Hashable, Sendable {
    /// Nothing: probes and documentation.
    case open
    /// A permission. What the answer shows is limited to the principal's scope by the route itself.
    case fleet(Permission)
    /// A permission that is not limited to some cameras: what the route shows or does is not about cameras one by one.
    case unlimited(Permission)
    /// A permission, for the camera that the path's `:id` names; one outside the principal's scope is not there.
    case camera(Permission)
    /// As `camera`, or to be the worker that the camera is assigned to.
    case cameraOrItsWorker(Permission)
    /// To be the worker that the path's `:id` names, by name in the token: no other permission or role stands for it.
    case worker

    /// Whether the path's `:id` names a camera, which may be outside the scope.
    var isAboutACamera: Bool {
        switch self {
        case .camera, .cameraOrItsWorker: true
        case .open, .fleet, .unlimited, .worker: false
        }
    }

    var permission: Permission? {
        switch self {
        case .open: nil
        case .fleet(let permission), .unlimited(let permission), .camera(let permission),
            .cameraOrItsWorker(let permission):
            permission
        case .worker: .report
        }
    }
}
