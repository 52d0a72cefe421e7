import Access
import Counting
import EventSourcing
import HTTPTypes
import Hummingbird
import Secrets
import StreamPolicy
import UseCases

/// What changes a camera. Every answer but that of a removal is the camera as it is then.
struct CameraCommands: Sendable {
    private let log: any EventLog
    private let handler: CommandHandler<Camera>
    private let streams: StreamPolicy
    private let secrets: CameraSecrets
    private let erasures: Erasures
    let recordings: Recordings
    private let standing: StandingAfterCommand
    private let newCameraID: @Sendable () async throws -> CameraID

    init(backend: Backend, handler: CommandHandler<Camera>) {
        log = backend.log
        self.handler = handler
        secrets = CameraSecrets(vault: backend.vault)
        erasures = Erasures(log: backend.log, vault: backend.vault, pool: backend.readModels.pool)
        streams = backend.streams
        recordings = Recordings(readModels: backend.readModels, handler: handler, now: backend.now)
        standing = StandingAfterCommand(readModels: backend.readModels)
        newCameraID = backend.newCameraID
    }

    @Sendable func register(_ request: Request, _ context: APIContext) async throws -> Response {
        try Query.none(request)
        let form = try CameraForm(try await request.json(), now: recordings.now())
        try ScopeCondition.checkPlace(of: form.description.location, for: context.principal, isNew: true)
        try await streams.admit(form.configuration.address)
        let handled = try await log.decided { history in
            let id = try await newCameraID()
            let configuration = try await secrets.keep(form.configuration, of: id)
            return try await handler.handle(
                .register(id, form.description, configuration), on: id.stream, metadata: context.eventMetadata,
                in: history)
        }
        var response = try await answer(handled, isWord: true, status: .created)
        // A repetition of a request that was done is answered with the camera that it made then.
        response.headers[.location] = "\(Route.base)/cameras/\(try CameraDocument(handled.folded).id)"
        return response
    }

    @Sendable func replace(_ request: Request, _ context: APIContext) async throws -> Response {
        try Query.none(request)
        let precondition = try Precondition(request, isRequired: true)
        let json = try await request.json()
        return try await log.decided { history in
            let shown = try await shown(precondition, context)
            let form = try CameraForm(json, replacing: shown.document, now: recordings.now())
            try await streams.admit(form.configuration.address)
            return try await replace(shown.camera, by: form, if: precondition, context, in: history)
        }
    }

    /// Changes what a merge patch says (RFC 7396), under the rules of a replacement.
    @Sendable func patch(_ request: Request, _ context: APIContext) async throws -> Response {
        try Query.none(request)
        let precondition = try Precondition(request, isRequired: true)
        let patch = try await request.mergePatch()
        return try await log.decided { history in try await self.patch(patch, precondition, context, in: history) }
    }

    private func patch(
        _ patch: JSON, _ precondition: Precondition, _ context: APIContext, in history: HistoryToken
    ) async throws -> Response {
        for _ in 0..<Self.maximumAttempts {
            let shown = try await shown(precondition, context)
            let form = try CameraForm(patch: patch, of: shown.document, now: recordings.now())
            let (new, old) = (form.configuration.address, shown.camera.configuration.address)
            // Where the stream stays, a name that cannot be looked up now is no reason to refuse another change.
            if new.url != old.url || new.type != old.type { try await streams.admit(new) }
            // What is left out is as it was at this version.
            let atVersion = precondition.isAny ? Precondition(version: shown.document.version) : precondition
            do {
                return try await replace(shown.camera, by: form, if: atVersion, context, in: history)
            } catch let problem as Problem where problem.code == .staleVersion && precondition.isAny {
                continue
            }
        }
        throw Problem(CommandError<Camera.Rejection>.contended)
    }

    private static let maximumAttempts = 10

    /// The camera that a request changes, at a version that its precondition takes.
    private func shown(
        _ precondition: Precondition, _ context: APIContext
    ) async throws -> (camera: Camera, document: CameraDocument) {
        let id = try context.cameraID
        let folded = try await handler.load(id.stream)
        let document = try CameraDocument(folded)
        if let version = try await precondition.version(of: id, handler), version != folded.version {
            throw try await precondition.stale(id, actual: folded.version, in: log)
        }
        guard case .registered(let camera) = folded.state else { throw Problem.internalError }
        return (camera, document)
    }

    private func replace(
        _ camera: Camera, by form: CameraForm, if precondition: Precondition, _ context: APIContext,
        in history: HistoryToken
    ) async throws -> Response {
        try ScopeCondition.checkPlace(of: form.description.location, for: context.principal, isNew: false)
        try await recordings.check(form.description.settings, for: form.configuration.address, of: camera.id)
        let configuration = try await secrets.keep(form.configuration, of: camera.id, over: camera.configuration)
        return try await answer(
            try await handle(.replace(form.description, configuration), if: precondition, context, in: history),
            isWord: false)
    }

    @Sendable func remove(_ request: Request, _ context: APIContext) async throws -> Response {
        let erasing = try Query.command(request) { query in query.value("erase", default: false, QueryRule.flag) }
        let precondition = try Precondition(request, isRequired: true)
        let id = try context.cameraID
        let removed: Int64?
        do {
            removed = try await handle(.remove(reason: nil, erasing: erasing), if: precondition, context).position
        } catch {
            guard erasing, Problem(error).code == .cameraRemoved else { throw error }
            removed = nil
        }
        guard erasing else {
            guard let removed else { throw Problem(Camera.Rejection.removed) }
            return Response(status: .noContent, headers: [.position: String(removed)])
        }
        let position =
            if let removed { removed } else {
                try await erasures.record(id, context.eventMetadata)
            }
        await erasures.clear(id, context.logger)
        return Response(status: .noContent, headers: [.position: String(position)])
    }

    @Sendable func setStatus(_ request: Request, _ context: APIContext) async throws -> Response {
        try Query.none(request)
        let precondition = try Precondition(request, isRequired: true)
        let command = try Form.read(try await request.json()) { form in
            let status = form.required("status", .choice(CameraStatus.self))
            let reason = form.optional("reason", .text(Reason.self))
            return form.make {
                Camera.Command.setStatus(
                    try status.get(), reason: try reason.get(), by: StatusSource(context.principal))
            }
        }
        return try await answer(try await handle(command, if: precondition, context), isWord: true)
    }

    @Sendable func start(_ request: Request, _ context: APIContext) async throws -> Response {
        try await recordings.checkStart(of: try context.cameraID)
        return try await control(request, context) { form in
            form.optional("worker_id", .string(WorkerID.init)).map { Camera.Command.start(worker: $0) }
        }
    }

    @Sendable func restart(_ request: Request, _ context: APIContext) async throws -> Response {
        try await recordings.checkStart(of: try context.cameraID)
        return try await control(request, context) { form in
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
        let precondition = try Precondition(request, isRequired: false)
        let command = try Form.read(try await request.optionalJSON() ?? [:], read)
        return try await answer(try await handle(command, if: precondition, context), isWord: isWord)
    }

    func handle(
        _ command: Camera.Command, on id: CameraID, _ context: APIContext
    ) async throws(CommandError<Camera.Rejection>) -> Handled<Camera.State> {
        try await handler.handle(command, on: id.stream, metadata: context.eventMetadata)
    }

    /// Decides a command under the request's precondition; a stale one is told what changed since.
    /// - Parameter history: the history of the log that the command itself rests on.
    func handle(
        _ command: Camera.Command, if precondition: Precondition, _ context: APIContext, in history: HistoryToken? = nil
    ) async throws -> Handled<Camera.State> {
        let id = try context.cameraID
        let error: CommandError<Camera.Rejection>
        do throws(CommandError<Camera.Rejection>) {
            return try await handler.handle(
                command, on: id.stream, expecting: try await precondition.version(of: id, handler),
                metadata: context.eventMetadata, in: history)
        } catch let thrown {
            error = thrown
        }
        switch error {
        case .rejected(.secretInClear):
            // The precondition held, for the command was decided.
            let version = try await leaveClearCredentials(of: id, context)
            return try await handler.handle(
                command, on: id.stream, expecting: version, metadata: context.eventMetadata, in: history)
        case .stale(let actual):
            _ = try CameraDocument(try await handler.load(id.stream))  // that there is no camera matters more
            throw try await precondition.stale(id, actual: actual, in: log)
        default: throw error
        }
    }

    /// Puts credentials that an old event holds in clear under the camera's key, by a change of their own.
    /// - Returns: the camera's version afterwards.
    private func leaveClearCredentials(of id: CameraID, _ context: APIContext) async throws -> Int64 {
        try await log.decided { history in
            let folded = try await handler.load(id.stream)
            guard case .registered(let camera) = folded.state else { throw Problem(Camera.Rejection.removed) }
            let configuration = try await secrets.keep(camera.configuration, of: id)
            return try await handler.handle(
                .configure(configuration), on: id.stream, expecting: folded.version, metadata: context.eventMetadata,
                in: history
            ).folded.version
        }
    }

    /// The camera as it is after the command.
    /// - Parameter isWord: whether the command says what the camera's status is from then on.
    private func answer(
        _ handled: Handled<Camera.State>, isWord: Bool, status: HTTPResponse.Status = .ok
    ) async throws -> Response {
        guard case .registered(let camera) = handled.folded.state else { throw Problem(Camera.Rejection.removed) }
        let standing = await standing.status(of: camera, after: handled, isWord: isWord)
        let document = try CameraDocument(handled.folded) { _ in standing }
        return .json(
            camera.saying(document.bytes), status: status, position: document.position, version: document.version)
    }
}

extension StatusSource {
    fileprivate init(_ principal: Principal) {
        if case .assigned = principal.scope { self = .worker } else { self = .named(principal.name) }
    }
}
