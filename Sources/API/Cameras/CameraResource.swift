import Access
import Counting
import EventSourcing
import HTTPTypes
import Hummingbird
import UseCases

/// What changes a camera. Every answer but that of a removal is the camera as it is then.
struct CameraResource: Sendable {
    let commands: CameraCommands
    let standing: StandingAfterCommand
    let now: @Sendable () -> Timestamp

    @Sendable func register(_ request: Request, _ context: APIContext) async throws -> Response {
        try Query.none(request)
        let form = try CameraForm(try await request.json(), now: now())
        try form.checkPlace(for: context.principal, isNew: true)
        let handled = try await commands.register(form.draft, metadata: context.eventMetadata)
        var response = try await answer(handled, isWord: true, status: .created)
        // A repetition of a request that was done is answered with the camera that it made then.
        response.headers[.location] = "\(Route.base)/cameras/\(try handled.folded.state.registered.id)"
        return response
    }

    @Sendable func replace(_ request: Request, _ context: APIContext) async throws -> Response {
        try Query.none(request)
        let expected = try Precondition.required(request)
        let json = try await request.json()
        let handled = try await commands.replace(
            try context.cameraID, expecting: expected, metadata: context.eventMetadata
        ) { shown in
            let form = try CameraForm(json, replacing: shown, now: now())
            try form.checkPlace(for: context.principal, isNew: false)
            return form.draft
        }
        return try await answer(handled, isWord: false)
    }

    /// Changes what a merge patch says (RFC 7396), under the rules of a replacement.
    @Sendable func patch(_ request: Request, _ context: APIContext) async throws -> Response {
        try Query.none(request)
        let expected = try Precondition.required(request)
        let patch = try await request.mergePatch()
        let handled = try await commands.change(
            try context.cameraID, expecting: expected, metadata: context.eventMetadata
        ) { shown in
            let form = try CameraForm(patch: patch, of: shown, now: now())
            try form.checkPlace(for: context.principal, isNew: false)
            return form.draft
        }
        return try await answer(handled, isWord: false)
    }

    @Sendable func remove(_ request: Request, _ context: APIContext) async throws -> Response {
        let isErasing = try Query.command(request) { query in query.value("erase", default: false, QueryRule.flag) }
        let expected = try Precondition.required(request)
        let id = try context.cameraID
        let position: Int64
        if isErasing {
            position = try await commands.erase(
                id, expecting: expected, metadata: context.eventMetadata, context.logger)
        } else {
            switch try await commands.remove(id, expecting: expected, metadata: context.eventMetadata) {
            case .removed(let removed): position = removed
            case .removedBefore: throw Camera.Rejection.removed
            }
        }
        return Response(status: .noContent, headers: [.position: String(position)])
    }

    @Sendable func setStatus(_ request: Request, _ context: APIContext) async throws -> Response {
        try Query.none(request)
        let expected = try Precondition.required(request)
        let command = try Form.read(try await request.json()) { form in
            let status = form.required("status", .choice(CameraStatus.self))
            let reason = form.optional("reason", .text(Reason.self))
            return form.make {
                Camera.Command.setStatus(
                    try status.get(), reason: try reason.get(), by: StatusSource(context.principal))
            }
        }
        return try await control(context, expected, by: command)
    }

    @Sendable func start(_ request: Request, _ context: APIContext) async throws -> Response {
        try await control(request, context) { form in
            form.optional("worker_id", .string(WorkerID.init)).map { Camera.Command.start(worker: $0) }
        }
    }

    @Sendable func restart(_ request: Request, _ context: APIContext) async throws -> Response {
        try await control(request, context) { form in
            let worker = form.optional("worker_id", .string(WorkerID.init))
            let recount = form.optional("recount", .flag)
            return form.make { .restart(worker: try worker.get(), recount: try recount.get() ?? false) }
        }
    }

    @Sendable func stop(_ request: Request, _ context: APIContext) async throws -> Response {
        try await control(request, context) { form in
            let reason = form.optional("reason", .text(Reason.self))
            guard form.has("take") || form.has("ended_at") else {
                return reason.map { Camera.Command.stop(reason: $0) }
            }
            let take = form.required("take", TelemetryForm.takeNumber)
            let end = form.required("ended_at", .instant { $0 })
            return form.make { .endTake(try take.get(), at: try end.get(), reason: try reason.get()) }
        }
    }

    @Sendable func startMonitoring(_ request: Request, _ context: APIContext) async throws -> Response {
        try await control(request, context, isWord: false) { _ in .success(.startMonitoring) }
    }

    @Sendable func stopMonitoring(_ request: Request, _ context: APIContext) async throws -> Response {
        try await control(request, context, isWord: false) { _ in .success(.stopMonitoring) }
    }

    /// A command whose body and `If-Match` may be left out.
    /// - Parameter isWord: whether it says what the camera's status is from then on.
    private func control(
        _ request: Request, _ context: APIContext, isWord: Bool = true, _ read: (Form) -> Field<Camera.Command>
    ) async throws -> Response {
        try Query.none(request)
        let expected = try Precondition.optional(request)
        let command = try Form.read(try await request.optionalJSON() ?? [:], read)
        return try await control(context, expected, by: command, isWord: isWord)
    }

    private func control(
        _ context: APIContext, _ expected: SeenVersion, by command: Camera.Command, isWord: Bool = true
    ) async throws -> Response {
        let handled = try await commands.control(
            try context.cameraID, by: command, expecting: expected, metadata: context.eventMetadata)
        return try await answer(handled, isWord: isWord)
    }

    /// The camera as it is after the command.
    /// - Parameter isWord: whether the command says what the camera's status is from then on.
    private func answer(
        _ handled: Handled<Camera.State>, isWord: Bool, status: HTTPResponse.Status = .ok
    ) async throws -> Response {
        let camera = try handled.folded.state.registered
        let standing = await standing.status(of: camera, after: handled, isWord: isWord)
        let document = try CameraDocument(handled.folded) { _ in standing }
        return .json(
            camera.saying(document.bytes), status: status, position: document.position, version: document.version)
    }
}

extension CameraForm {
    /// - Throws: `Problem` where the camera would come to lie outside the principal's scope.
    fileprivate func checkPlace(for principal: Principal, isNew: Bool) throws(Problem) {
        try ScopeCondition.checkPlace(of: draft.description.location, for: principal, isNew: isNew)
    }
}

extension StatusSource {
    fileprivate init(_ principal: Principal) {
        if case .assigned = principal.scope { self = .worker } else { self = .named(principal.name) }
    }
}
