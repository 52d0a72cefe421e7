/// The cameras that a principal may know of.
package enum Scope: Hashable, Sendable {
    case all
    case cameras(Set<Int64>)
    /// Cameras whose location is this text.
    case location(String)
    /// Cameras that are assigned to this worker, or were until they were given to another: what it counted until then
    /// still counts.
    case assigned(worker: String)
}

/// Who sent a request, and what they may do.
package struct Principal: Hashable, Sendable {
    /// The name that events are stored with.
    package let name: String
    /// Where the permissions come from, as far as they come from roles.
    package let roles: Set<Role>
    package let permissions: Set<Permission>
    package let scope: Scope

    package init(name: String, roles: Set<Role> = [], permissions: Set<Permission>, scope: Scope = .all) {
        self.name = name
        self.roles = roles
        self.permissions = permissions
        self.scope = scope
    }

    package func may(_ permission: Permission) -> Bool { permissions.contains(permission) }
}
