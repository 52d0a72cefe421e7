import Access
import Counting
import EventSourcing
import Hummingbird
import UseCases

/// Takes in what workers report. A batch is appended as a whole or, where anything in it is wrong, not at all.
struct TelemetryCommands: Sendable {
    let log: any EventLog
    let frames: FramePolicy
    let lines: ReportedLines
    let repetitions: Repetitions
    let intake: IntakeLimits
    let now: @Sendable () -> Timestamp
    /// How far the clock of a device may be away from the server's.
    let tolerance: Duration
    let losses: LossMetrics

    private var clock: ReportClock { ReportClock(now: now(), tolerance: tolerance) }

    /// A heartbeat from before the camera was registered comes from a clock that was never set. A reading may be of a
    /// recording, or imported.
    @Sendable func recordHeartbeats(_ request: Request, _ context: APIContext) async throws -> Response {
        try Query.none(request)
        let (json, list) = (try await request.json(), "heartbeats")
        let clock = clock
        let times = Self.times(in: json, list)
        var form = HeartbeatForm(cameraID: try context.cameraID, clock: clock)
        if times.contains(where: clock.isOld) { form.registration = try await registration(of: form.cameraID) }
        let items = try TelemetryForm.read(json, list: list, form.read)
        return try await append(items, saying: clock.facts(newest: times.max()), context)
    }

    /// What the reports in a body are dated, as far as that can be read.
    private static func times(in json: JSON, _ list: String) -> [Timestamp] {
        (json[list]?.array ?? [json]).prefix(TelemetryForm.batchSizes.upperBound).compactMap {
            $0["observed_at"]?.string.flatMap(Timestamp.init(rfc3339:))
        }
    }

    private func registration(of id: CameraID) async throws -> Timestamp? {
        try await log.read(id.stream, after: 0, limit: 1).first?.recordedAt
    }

    @Sendable func recordReadings(_ request: Request, _ context: APIContext) async throws -> Response {
        try Query.none(request)
        let form = ReadingForm(cameraID: try context.cameraID, clock: clock)
        let (json, list) = (try await request.json(), "readings")
        var readings = try TelemetryForm.read(json, list: list, takes: true, form.read)
        try await check(takesOf: readings, of: try context.cameraID)
        try await lines.settle(&readings, of: try context.cameraID, in: json[list]?.array == nil ? nil : list)
        return try await log.decided { [readings] history in
            var items = readings
            let outcome = try await frames.apply(to: &items, of: try context.cameraID)
            return try await append(
                items, saying: outcome.map { ["frame_data": .string($0.rawValue)] } ?? [:], context,
                // Sealed under a key that this process remembers.
                in: outcome == .kept ? history : nil)
        }
    }

    /// - Parameters:
    ///   - facts: members of the answer beside the results.
    ///   - history: the history of the log that the items rest on.
    private func append(
        _ items: [TelemetryItem], saying facts: JSONObject = [:], _ context: APIContext, in history: HistoryToken? = nil
    ) async throws -> Response {
        try Self.check(sources: items, of: context.principal)
        let events = items.map(\.report.event)
        let bytes = events.reduce(0) { $0 + $1.data.count }
        try intake.take(
            IntakeLimits.Amounts(reports: Int64(items.count), bytes: Int64(bytes)), of: context.principal.user)
        let stream = try context.cameraID.telemetryStream
        let outcomes = try await log.append(
            zip(items, events).map { item, event in
                Append(
                    to: stream, expecting: .exists, producer: item.producer, events: [event],
                    metadata: context.eventMetadata, history: history)
            })
        let repeated = try await repetitions.find(among: items, outcomes, of: try context.cameraID)
        var highest: Int64?
        var results: [JSON] = []
        for (index, (item, outcome)) in zip(items, outcomes).enumerated() {
            var result: JSONObject = ["sequence": item.producer.map { .integer($0.sequence) } ?? .null]
            switch outcome {
            case .appended(let appended):
                result["outcome"] = "appended"
                result["position"] = .integer(appended.positions.lowerBound)
                highest = max(highest ?? 0, appended.positions.upperBound)
                if case .heartbeat(let heartbeat) = item.report.content { losses.count(heartbeat) }
            case .duplicate:
                guard let repetition = repeated[index] else { throw Problem.internalError }
                if repetition.isConflict, items.count == 1 { throw repetition.problem(item.producer) }
                result.merge(repetition.members) { _, new in new }
                highest = [highest, repetition.position].compactMap(\.self).max()
            case .missing: throw Problem(Camera.Rejection.unknown)
            case .closed: throw Problem(Camera.Rejection.removed)
            case .conflict: throw Problem.internalError
            }
            results.append(.object(result))
        }
        let answer = facts.merging(["results": .array(results)]) { fact, _ in fact }
        return .json(JSON.object(answer).bytes, status: .created, position: highest)
    }

    /// Who is limited to some cameras numbers what it sends under its own name: under another's it could make what that one
    /// sends next look like a repetition. Who reports for all cameras may stand for other devices.
    private static func check(sources items: [TelemetryItem], of principal: Principal) throws(Problem) {
        let name: String
        switch principal.scope {
        case .all: return
        case .assigned(let worker): name = worker
        case .cameras, .location: name = principal.name
        }
        for item in items where item.report.take == nil {
            guard let source = item.producer?.source, !source.isExactly(name),
                !source.beginsExactly(with: name + ":")
            else {
                continue
            }
            throw .forbidden("The source of this token is its own name, \(name), or begins with \(name): and goes on.")
        }
    }

    /// A take that a recording never had would be mistaken for the one that gets its number.
    private func check(takesOf items: [TelemetryItem], of id: CameraID) async throws {
        guard let take = items.compactMap(\.report.take).max(),
            case .registered(let camera) = try await frames.handler.load(id.stream).state, take > camera.takes.count
        else { return }
        throw Problem.validationFailed([
            Fault(at: .pointer("/take"), "unknown_value", "The camera has no take \(take) of a recording.")
        ])
    }
}
