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
    /// A permission, for the camera that the path's `:id` names; one outside the principal's scope is not there.
    case camera(Permission)
    /// To be the worker that the path's `:id` names.
    case worker

    var permission: Permission? {
        switch self {
        case .open: nil
        case .fleet(let permission), .camera(let permission): permission
        case .worker: .report
        }
    }

    /// - Throws: `Problem` where the principal of the request may not use the route.
    func check(_ context: APIContext, in readModels: ReadModels) async throws {
        guard let permission else { return }
        let principal = context.principal
        guard principal.may(permission) else {
            throw Problem(.forbidden, "This takes the permission \(permission.rawValue).")
        }
        switch self {
        case .open, .fleet: return
        case .camera: try await ScopeCondition(principal.scope).check(try context.cameraID, in: readModels)
        case .worker:
            if case .assigned(let worker) = principal.scope, worker != context.parameters.get("id") {
                throw Problem(.forbidden, "This is for the worker that the address names.")
            }
        }
    }
}
