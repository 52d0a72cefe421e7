import EventSourcing

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

/// Who said who a principal is. The same name from two of them is two principals.
package enum Issuer: Hashable, Sendable {
    /// Nobody: requests need not prove who sends them.
    case nobody
    /// The issuer that the claim `iss` of a signed token names; nil where the token has none.
    case token(iss: String?)
    /// The identity service.
    case service
}

/// Who sent a request, and what they may do.
package struct Principal: Hashable, Sendable {
    package let issuer: Issuer
    /// The name that events are stored with.
    package let name: String
    /// Where the permissions come from, as far as they come from roles.
    package let roles: Set<Role>
    package let permissions: Set<Permission>
    package let scope: Scope

    package init(
        issuer: Issuer = .nobody, name: String, roles: Set<Role> = [], permissions: Set<Permission>, scope: Scope = .all
    ) {
        self.issuer = issuer
        self.name = name
        self.roles = roles
        self.permissions = permissions
        self.scope = scope
    }

    /// Whether this is the worker of that name: its token is limited to the worker's cameras. Where requests need not
    /// prove who sends them, anybody is.
    package func isWorker(_ id: String) -> Bool {
        if issuer == .nobody { return true }
        guard case .assigned(let worker) = scope else { return false }
        return worker.isExactly(id)
    }

    package func may(_ permission: Permission) -> Bool { permissions.contains(permission) }
}
