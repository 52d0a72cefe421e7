import Counting
import EventSourcing
import Hummingbird

/// What a camera was, and how it came to be what it is.
struct CameraPastReads: Sendable {
    let log: any EventLog
    let now: @Sendable () -> Timestamp
    /// Shows the camera as it is.
    let present: Route.Handler

    private static let momentParameters = ["as_of", "as_of_position", "version"]

    /// The camera as it is or, where a moment is given, as it was then. The past has no `ETag`: it is nothing to write
    /// against.
    @Sendable func show(_ request: Request, _ context: APIContext) async throws -> Response {
        let parameters = request.uri.queryParameters
        guard Self.momentParameters.contains(where: { parameters[Substring($0)] != nil }) else {
            return try await present(request, context)
        }
        let id = try context.cameraID
        let moment = try Query.read(request, Self.moment)
        let document = try await CameraPast(log: log).document(of: id, at: moment, now: now())
        return .json(document.bytes, position: document.position)
    }

    private static func moment(_ query: Query) -> Field<CameraPast.Moment> {
        let time = query.optional("as_of", QueryRule.instant)
        let position = query.optional("as_of_position", QueryRule.integer(in: 1...Int64.max))
        let version = query.optional("version", QueryRule.integer(in: 1...Int64.max))
        return query.make(at: "as_of") {
            let moments = [
                try time.get().map(CameraPast.Moment.time), try position.get().map(CameraPast.Moment.position),
                try version.get().map(CameraPast.Moment.version),
            ].compactMap(\.self)
            guard moments.count == 1 else {
                throw InvalidValue(.tooMany, "as_of, as_of_position and version exclude one another.")
            }
            return moments[0]
        }
    }

    /// The camera's changes page by page, a removed camera's too.
    @Sendable func history(_ request: Request, _ context: APIContext) async throws -> Response {
        let id = try context.cameraID
        let page = try Query.read(request, CameraHistory.Page.read)
        let history = CameraHistory(log: log)
        let changes = try await history.changes(of: id, page)
        guard let version = changes.version else { throw Problem(Camera.Rejection.unknown) }
        let body: JSON = ["items": .array(changes.items), "version": .integer(version)]
        var response = Response.json(body.bytes, position: changes.position)
        if let next = changes.next {
            response.headers[.link] = PageLink.next("/cameras/\(id)/history", page.parameters(next: next))
        }
        return response
    }
}
