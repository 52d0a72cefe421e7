import Counting
import EventSourcing
import Hummingbird
import UseCases

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
        let body: JSON = ["items": .array(changes.items.map(\.json)), "version": .integer(version)]
        var response = Response.json(body.bytes, position: changes.position)
        if let next = changes.next {
            response.headers[.link] = PageLink.next("/cameras/\(id)/history", page.parameters(next: next))
        }
        return response
    }
}

extension CameraHistory.Page {
    static func read(_ query: Query) -> Field<Self> {
        let order = query.value("order", default: CameraHistory.Order.newest, CameraHistory.Order.init(choosing:))
        let limit = query.value("limit", default: 20, QueryRule.integer(in: 1...100))
        let version = QueryRule.integer(in: 0...Int64.max)
        let before = query.optional("before_version", version)
        let after = query.optional("after_version", version)
        return query.make(at: "order") {
            let order = try order.get()
            let (before, after) = (try before.get(), try after.get())
            guard (order == .newest ? after : before) == nil else {
                throw InvalidValue(
                    .malformed, "before_version goes with the newest first, after_version with order=oldest.")
            }
            return Self(order: order, limit: try limit.get(), bound: before ?? after)
        }
    }

    func parameters(next: Int64) -> [(name: String, value: String?)] {
        [
            ("order", order.rawValue), ("limit", "\(limit)"),
            (order == .newest ? "before_version" : "after_version", "\(next)"),
        ]
    }
}

extension CameraHistory.Change {
    fileprivate var json: JSON {
        [
            "version": .integer(event.version),
            "position": .integer(event.position),
            "type": .string(event.type),
            "recorded_at": .string(event.recordedAt.rfc3339),
            "actor": metadata?.actor.map(JSON.string) ?? .null,
            "correlation_id": metadata?.correlationID.map(JSON.string) ?? .null,
            "causation_id": metadata?.causationID.map(JSON.string) ?? .null,
            "reason": reason.map { .string($0.text) } ?? .null,
            "changes": .array(
                differences.map { ["member": .string($0.member), "before": $0.before, "after": $0.after] }),
        ]
    }
}
