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
            of: id, CameraColumns(removed: 1), atLeast: query.minimumPosition
        ) { minimum in
            try await readModels.readZoned(query.models, atLeast: minimum, query.sql, query.parameters(id))
        }
        return .json(try row.bytes(2), position: try row.position)
    }

    @Sendable func summary(_ request: Request, _ context: APIContext) async throws -> Response {
        let query = try SummaryQuery(request, scope: context.principal.scope, now: now())
        let row = try await readModels.readZoned(
            SummaryQuery.models, atLeast: query.minimumPosition, SummaryQuery.sql, query.parameters)
        return .json(try row.bytes(1), position: try row.position)
    }
}
