import Access
import Counting
import EventSourcing
import Hummingbird

/// Lets through who may use the route.
struct AccessCheck: RouterMiddleware {
    let access: RouteAccess
    let readModels: ReadModels
    /// Shared by all routes.
    let reporters: RecentReporters

    func handle(
        _ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        try await check(context)
        return try await next(request, context)
    }

    /// - Throws: `Problem` where the principal of the request may not use the route.
    private func check(_ context: APIContext) async throws {
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
