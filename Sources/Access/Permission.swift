/// What a request may do. The names stand in tokens and in the documentation, and are never changed.
package enum Permission: String, CaseIterable, Sendable {
    case read = "camera:read"
    case write = "camera:write"
    case delete = "camera:delete"
    case control = "camera:control"
    case admin = "camera:admin"
    /// To report what a camera's worker saw, and to receive work.
    case report = "worker:report"
}

/// A named set of permissions.
package enum Role: String, CaseIterable, Sendable {
    case viewer, `operator`, admin, worker

    package var permissions: Set<Permission> {
        switch self {
        case .viewer: [.read]
        case .operator: [.read, .write, .control]
        case .admin: [.read, .write, .delete, .control, .admin]
        // Not control, with which it could have cameras assigned to itself: routes by which a worker may set the state
        // of a camera that it has say so themselves.
        case .worker: [.read, .report]
        }
    }
}
