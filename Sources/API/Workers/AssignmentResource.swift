import Access
import Counting
import EventSourcing
import Hummingbird
import Postgres
import UseCases

/// Gives cameras to a worker and takes them away; the answer says of each camera what became of it.
struct AssignmentResource: Sendable {
    static let batchSizes = 1...100

    let readModels: ReadModels
    let assignments: Assignments

    @Sendable func assign(_ request: Request, _ context: APIContext) async throws -> Response {
        try Query.none(request)
        let worker = try context.workerID
        let cameras = try Form.read(try await request.json()) { form in
            form.required("camera_ids", .array(Self.cameraIDs))
        }
        let results = await assignments.assign(
            cameras, to: worker, metadata: context.eventMetadata, check: check(context))
        return answer(results, "assigned")
    }

    /// Those that are named, or all there are.
    @Sendable func release(_ request: Request, _ context: APIContext) async throws -> Response {
        try Query.none(request)
        let worker = try context.workerID
        let (named, reason) = try Form.read(try await request.optionalJSON() ?? [:]) { form in
            let cameras = form.optional("camera_ids", .array(Self.cameraIDs))
            let reason = form.optional("reason", .text(Reason.self))
            return form.make { (try cameras.get(), try reason.get()) }
        }
        var cameras = named ?? []
        if named == nil { cameras = try await running(on: worker, context.principal.scope) }
        let results = await assignments.release(
            cameras, from: worker, reason: reason, metadata: context.eventMetadata, check: check(context))
        return answer(results, "released")
    }

    private static func cameraIDs(_ numbers: [JSON]) throws(InvalidValue) -> [CameraID] {
        guard batchSizes.contains(numbers.count) else {
            throw InvalidValue(
                numbers.isEmpty ? .tooShort : .tooMany, "There are 1 to \(batchSizes.upperBound) cameras at a time.")
        }
        var ids: [CameraID] = []
        for number in numbers {
            guard let number = number.wholeNumber else {
                throw InvalidValue(.malformed, "Ids of cameras are integers.")
            }
            ids.append(try CameraID(number))
        }
        guard Set(ids).count == ids.count else { throw InvalidValue(.duplicate, "Each camera is named once.") }
        return ids
    }

    /// The cameras of the principal that run on the worker, as the log has it when this is asked; so many as are done at a
    /// time.
    private func running(on worker: WorkerID, _ scope: Scope) async throws -> [CameraID] {
        // One that was given to the worker just now is let go of too.
        try await readModels.reach(try await readModels.head())
        let running = Self.running(in: scope).statement(
            among: [("worker", .text(worker.text))] + ScopeCondition(scope).values)
        return try await readModels.pool.query(running).map { try CameraID(try $0.integer("camera_id")) }
    }

    static func running(in scope: Scope) -> SQLQuery {
        let conditions =
            ["worker_id = :worker", "desired_state = 'running'", "not removed"] + ScopeCondition.conditions(scope)
        return SQLQuery(
            "running_on_worker_in_\(ScopeCondition.kind(of: scope))",
            parts: """
                select camera_id from read.camera_state as camera
                where \(conditions.joined(separator: " and "))
                order by camera_id
                limit \(batchSizes.upperBound)
                """, among: [("worker", .text)] + ScopeCondition.parameters, columns: ["camera_id": .integer])
    }

    /// Says of each camera what became of it.
    /// - Parameter outcome: what it is called where it was done.
    private func answer(_ results: [Assignments.Result], _ outcome: String) -> Response {
        let answer: JSON = ["results": .array(results.map { Self.json($0, outcome) })]
        return .json(answer.bytes, position: results.compactMap(\.position).max())
    }

    private static func json(_ result: Assignments.Result, _ outcome: String) -> JSON {
        let camera = JSON.integer(result.camera.number)
        switch result.outcome {
        case .done(let version, _):
            return ["camera_id": camera, "outcome": .string(outcome), "version": .integer(version)]
        case .unchanged(let version):
            return ["camera_id": camera, "outcome": "unchanged", "version": .integer(version)]
        case .refused(let error):
            let problem = Problem(error)
            return [
                "camera_id": camera, "outcome": "refused", "code": .string(problem.code.rawValue),
                "detail": .string(problem.detail),
            ]
        }
    }

    /// The cameras that the principal may know of.
    private func check(_ context: APIContext) -> Assignments.Check {
        let scope = ScopeCondition(context.principal.scope)
        return { try await scope.check($0, in: readModels) }
    }
}

extension APIContext {
    /// The worker that the path names.
    var workerID: WorkerID {
        get throws(Problem) {
            do throws(InvalidValue) { return try WorkerID(parameters.get("id") ?? "") } catch {
                throw Problem.validationFailed([Fault(at: .parameter("id"), error)])
            }
        }
    }
}
