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
        // Within its scope, which is what it is assigned: it sets its cameras' status, and stops those that ended.
        case .worker: [.read, .control, .report]
        }
    }
}
