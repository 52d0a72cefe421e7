import Access
import Counting
import EventSourcing
import Hummingbird
import Postgres

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

/// Checks before each handler that the principal may use the route.
struct AccessCheck: Sendable {
    let readModels: ReadModels
    private let reporters = RecentReporters()

    init(readModels: ReadModels) { self.readModels = readModels }

    /// - Throws: `Problem` where the principal of the request may not use the route.
    func callAsFunction(_ access: RouteAccess, _ context: APIContext) async throws {
        guard let permission = access.permission else { return }
        let principal = context.principal
        if case .cameraOrItsWorker = access, !principal.may(permission), principal.may(.report),
            case .assigned(let worker) = principal.scope
        {
            return try await ScopeCondition(principal.scope).check(
                try context.cameraID, assignedTo: worker, in: readModels)
        }
        guard principal.may(permission) else {
            throw Problem.forbidden("This takes the permission \(permission.rawValue).", lacking: permission)
        }
        switch access {
        case .open, .fleet: return
        case .unlimited:
            guard principal.scope == .all else {
                throw Problem.forbidden("This takes a token that is not limited to some cameras.")
            }
        case .camera, .cameraOrItsWorker:
            let camera = try context.cameraID
            if permission == .report {
                try await reporters.check(camera, principal.scope, in: readModels)
            } else {
                try await ScopeCondition(principal.scope).check(camera, in: readModels)
            }
        case .worker:
            guard let worker = context.parameters.get("id")?.inNormalForm, principal.isWorker(worker) else {
                throw Problem.forbidden("This is for the worker that the path names, with a token of its own.")
            }
        }
    }
}
