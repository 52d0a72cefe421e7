import EventSourcing
import Hummingbird

/// What counts come to: totals, peaks, averages, shares, occupancy, and how they compare with the time before.
struct AnalyticsReads: Sendable {
    let readModels: ReadModels
    let now: @Sendable () -> Timestamp

    @Sendable func show(_ request: Request, _ context: APIContext) async throws -> Response {
        let id = try context.cameraID
        let query = try AnalyticsQuery(request, now: now())
        let row = try await readModels.row(
            of: id, atLeast: query.minimumPosition
        ) { minimum in
            try await readModels.readZoned(query.models, atLeast: minimum, query.statement(id))
        }
        let answer = try row.bytes("answer")
        let skipped = try await readModels.skipped(by: query.counted).positions(of: id) {
            try Self.span(of: answer, reset: query.reset)
        }
        return .json(SkippedEvents.adding(skipped, to: answer), position: try row.position)
    }

    @Sendable func summary(_ request: Request, _ context: APIContext) async throws -> Response {
        let query = try SummaryQuery(request, scope: context.principal.scope, now: now())
        let row = try await readModels.readZoned(
            SummaryQuery.models, atLeast: query.minimumPosition, SummaryQuery.query.statement(query.values))
        let answer = try row.bytes("answer")
        let skipped = try await readModels.skipped(by: [.hourlyCounts]).positions(of: query.fleet) {
            try Self.span(of: answer)
        }
        return .json(SkippedEvents.adding(skipped, to: answer), position: try row.position)
    }

    /// The time that an answer is about, with the time before it that it compares with.
    /// - Parameter reset: of the occupancy that it tells, where it does.
    private static func span(of answer: [UInt8], reset: Occupancy.Reset? = nil) throws -> SkippedEvents.Span {
        let answer = try JSON.parse(answer)
        guard let from = answer["from"]?.string, let to = answer["to"]?.string, let zone = answer["tz"]?.string else {
            throw Problem.internalError
        }
        return SkippedEvents.Span(
            from: answer["previous"]?["from"]?.string ?? from, to: to, occupancy: reset.map { (from, $0, zone) })
    }
}
