import Access
import Counting
import EventSourcing
import Hummingbird
import Postgres
import UseCases

/// Gives cameras to a worker and takes them away. Each camera is a stream of its own and decides for itself: the answer
/// says of each what became of it, and one that is refused holds up no other.
struct WorkerCommands: Sendable {
    static let batchSizes = 1...100

    let readModels: ReadModels
    let commands: CameraCommands

    /// What is done to a camera, and what it is called where it is done.
    private struct Work {
        let command: Camera.Command
        let outcome: String
    }

    /// Starts cameras on the worker, or moves them there. One that runs there already stays as it is.
    @Sendable func assign(_ request: Request, _ context: APIContext) async throws -> Response {
        try Query.none(request)
        let worker = try context.workerID
        let cameras = try Form.read(try await request.json()) { form in
            form.required("camera_ids", .array(Self.cameraIDs))
        }
        return try await perform(Work(command: .start(worker: worker), outcome: "assigned"), on: cameras, context)
    }

    /// Stops cameras that run on the worker: those that are named, or all there are. The worker stays the one that a
    /// camera was given to last, where it goes back to when it is started without saying where.
    @Sendable func release(_ request: Request, _ context: APIContext) async throws -> Response {
        try Query.none(request)
        let worker = try context.workerID
        let (named, reason) = try Form.read(try await request.optionalJSON() ?? [:]) { form in
            let cameras = form.optional("camera_ids", .array(Self.cameraIDs))
            let reason = form.optional("reason", .text(Reason.self))
            return form.make { (try cameras.get(), try reason.get()) }
        }
        let work = Work(command: .release(from: worker, reason: reason), outcome: "released")
        if let named { return try await perform(work, on: named, context) }
        return try await perform(work, on: try await running(on: worker, context.principal.scope), context)
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
        var parameters: [Parameter] = [.text(worker.text)]
        let conditions = ScopeCondition.conditions(scope) { parameter in
            parameters.append(parameter)
            return "$\(parameters.count)"
        }
        let sql = """
            select camera_id from read.camera_state as camera
            where \((["worker_id = $1", "desired_state = 'running'", "not removed"] + conditions).joined(separator: " and "))
            order by camera_id
            limit \(Self.batchSizes.upperBound)
            """
        // One that was given to the worker just now is let go of too.
        try await readModels.reach(try await readModels.head())
        let rows = try await readModels.pool.query(sql, parameters)
        return try rows.map { try CameraID(try $0.integer(0)) }
    }

    private func perform(_ work: Work, on cameras: [CameraID], _ context: APIContext) async throws -> Response {
        // A request's appends are noted by one call; here are several, each of which changes nothing when it is repeated.
        var context = context
        context.claim = nil
        // All at once: what comes together is appended together.
        let results = await withTaskGroup(of: (index: Int, result: JSON, position: Int64?).self) { [context] group in
            for (index, camera) in cameras.enumerated() {
                group.addTask {
                    let (result, position) = await outcome(of: work, on: camera, context)
                    return (index, result, position)
                }
            }
            var results: [(index: Int, result: JSON, position: Int64?)] = []
            for await result in group { results.append(result) }
            return results.sorted { $0.index < $1.index }
        }
        let answer: JSON = ["results": .array(results.map(\.result))]
        return .json(answer.bytes, position: results.compactMap(\.position).max())
    }

    private func outcome(
        of work: Work, on camera: CameraID, _ context: APIContext
    ) async -> (JSON, position: Int64?) {
        do {
            try await ScopeCondition(context.principal.scope).check(camera, in: readModels)
            let handled = try await commands.control(camera, by: work.command, metadata: context.eventMetadata)
            let result: JSON = [
                "camera_id": .integer(camera.number),
                "outcome": .string(handled.position == nil ? "unchanged" : work.outcome),
                "version": .integer(handled.folded.version),
            ]
            return (result, handled.position)
        } catch {
            let problem = Problem(error)
            let result: JSON = [
                "camera_id": .integer(camera.number), "outcome": "refused", "code": .string(problem.code.rawValue),
                "detail": .string(problem.detail),
            ]
            return (result, nil)
        }
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
