import Counting
import EventSourcing
import HTTPTypes
import Hummingbird
import StreamPolicy

/// What changes a camera. Every answer but that of a removal is the camera as it is then.
struct CameraCommands: Sendable {
    private let log: any EventLog
    private let handler: CommandHandler<Camera>
    private let streams: StreamPolicy
    private let newCameraID: @Sendable () async throws -> CameraID

    init(backend: Backend) {
        log = backend.log
        handler = CommandHandler(log: backend.log, cache: StateCache(capacity: 10_000))
        streams = backend.streams
        newCameraID = backend.newCameraID
    }

    @Sendable func register(_ request: Request, _ context: APIContext) async throws -> Response {
        try Query.none(request)
        let form = try CameraForm(try await request.json())
        try ScopeCondition.checkPlace(of: form.description.location, for: context.principal, isNew: true)
        try await streams.admit(form.configuration.address)
        let id = try await newCameraID()
        let handled = try await handler.handle(
            .register(id, form.description, form.configuration), on: id.stream, metadata: context.eventMetadata)
        var response = try answer(handled, status: .created)
        response.headers[.location] = "\(Route.base)/cameras/\(id)"
        return response
    }

    @Sendable func replace(_ request: Request, _ context: APIContext) async throws -> Response {
        try Query.none(request)
        let precondition = try Precondition(request, isRequired: true)
        let form = try CameraForm(try await request.json())
        try ScopeCondition.checkPlace(of: form.description.location, for: context.principal, isNew: false)
        try await streams.admit(form.configuration.address)
        return try answer(
            try await handle(.replace(form.description, form.configuration), if: precondition, context))
    }

    @Sendable func remove(_ request: Request, _ context: APIContext) async throws -> Response {
        try Query.none(request)
        let handled = try await handle(
            .remove(reason: nil), if: try Precondition(request, isRequired: true), context)
        guard let position = handled.position else { throw Problem(Camera.Rejection.removed) }
        return Response(status: .noContent, headers: [.position: String(position)])
    }

    @Sendable func setStatus(_ request: Request, _ context: APIContext) async throws -> Response {
        try Query.none(request)
        let precondition = try Precondition(request, isRequired: true)
        let command = try Form.read(try await request.json()) { form in
            let status = form.required("status", .choice(CameraStatus.self))
            let reason = form.optional("reason", .text(Reason.self))
            return form.make { Camera.Command.setStatus(try status.get(), reason: try reason.get()) }
        }
        return try answer(try await handle(command, if: precondition, context))
    }

    @Sendable func start(_ request: Request, _ context: APIContext) async throws -> Response {
        try await control(request, context) { form in
            form.optional("worker_id", .string(WorkerID.init)).map(Camera.Command.start)
        }
    }

    @Sendable func restart(_ request: Request, _ context: APIContext) async throws -> Response {
        try await control(request, context) { form in
            form.optional("worker_id", .string(WorkerID.init)).map(Camera.Command.restart)
        }
    }

    @Sendable func stop(_ request: Request, _ context: APIContext) async throws -> Response {
        try await control(request, context) { form in
            form.optional("reason", .text(Reason.self)).map(Camera.Command.stop)
        }
    }

    @Sendable func startMonitoring(_ request: Request, _ context: APIContext) async throws -> Response {
        try await control(request, context) { _ in .success(.startMonitoring) }
    }

    @Sendable func stopMonitoring(_ request: Request, _ context: APIContext) async throws -> Response {
        try await control(request, context) { _ in .success(.stopMonitoring) }
    }

    /// A command whose body and `If-Match` may be left out.
    private func control(
        _ request: Request, _ context: APIContext, _ read: (Form) -> Field<Camera.Command>
    ) async throws -> Response {
        try Query.none(request)
        let precondition = try Precondition(request, isRequired: false)
        let command = try Form.read(try await request.optionalJSON() ?? [:], read)
        return try answer(try await handle(command, if: precondition, context))
    }

    /// Decides a command under the request's precondition; a stale one is told what changed since.
    func handle(
        _ command: Camera.Command, if precondition: Precondition, _ context: APIContext
    ) async throws -> Handled<Camera.State> {
        let id = try context.cameraID
        do throws(CommandError<Camera.Rejection>) {
            return try await handler.handle(
                command, on: id.stream, expecting: try await precondition.version(of: id, handler),
                metadata: context.eventMetadata)
        } catch {
            guard case .stale(let actual) = error else { throw error }
            _ = try CameraDocument(try await handler.load(id.stream))  // that there is no camera matters more
            throw try await precondition.stale(id, actual: actual, in: log)
        }
    }

    private func answer(
        _ handled: Handled<Camera.State>, status: HTTPResponse.Status = .ok
    ) throws(Problem) -> Response {
        let document = try CameraDocument(handled.folded)
        return .json(document.bytes, status: status, position: document.position, version: document.version)
    }
}
