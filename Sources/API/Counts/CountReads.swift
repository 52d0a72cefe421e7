import Counting
import EventSourcing
import Hummingbird
import Postgres
import UseCases

/// What crossed cameras' lines, over time.
struct CountReads: Sendable {
    let readModels: ReadModels
    /// For answers with a row for each bucket, of which there may be many more than rows that are kept.
    let slowReads: ReadModels
    let now: @Sendable () -> Timestamp

    @Sendable static func mayTakeLong(_ request: Request) -> Bool { request.uri.queryParameters["fill"] != nil }

    private func models(for request: Request) -> ReadModels { Self.mayTakeLong(request) ? slowReads : readModels }

    @Sendable func history(_ request: Request, _ context: APIContext) async throws -> Response {
        let id = try context.cameraID
        let query = try CountQuery(request, now: now())
        let readModels = models(for: request)
        let row = try await readModels.row(
            of: id, atLeast: query.minimumPosition
        ) { minimum in
            try await readModels.readZoned(
                [.cameraState, .hourlyCounts], atLeast: minimum, query.statement(id))
        }
        if try row.integer("rows") > CountQuery.maximumRows { throw Problem.tooManyRows }

        var body = Array(#"{"from":"\#(try row.text("from"))","to":"\#(try row.text("to"))","#.utf8)
        body += #""bucket":"\#(query.bucket.rawValue)","tz":"\#(try row.text("zone"))","#.utf8
        body += SkippedEvents.member(
            try await readModels.skipped(by: [.hourlyCounts]).positions(of: id) {
                SkippedEvents.Span(from: try row.text("from"), to: try row.text("to"))
            })
        body += #""items":"#.utf8
        body += try row.bytes("items")
        body += "}".utf8
        return .json(body, position: try row.position)
    }

    /// The same over several cameras.
    @Sendable func fleet(_ request: Request, _ context: APIContext) async throws -> Response {
        let query = try FleetCountQuery(request, scope: context.principal.scope, now: now())
        let readModels = models(for: request)
        let row = try await readModels.readZoned(
            FleetCountQuery.models, atLeast: query.minimumPosition, query.query.statement(query.values))
        if try row.integer("rows") > CountQuery.maximumRows { throw Problem.tooManyRows }

        var body = Array(#"{"from":"\#(try row.text("from"))","to":"\#(try row.text("to"))","#.utf8)
        body += #""bucket":"\#(query.bucket.rawValue)","tz":"\#(query.zone.text)","#.utf8
        body += #""group_by":"\#(query.grouping.rawValue)","#.utf8
        body += SkippedEvents.member(
            try await readModels.skipped(by: [.hourlyCounts]).positions(of: query.fleet) {
                SkippedEvents.Span(from: try row.text("from"), to: try row.text("to"))
            })
        body += #""items":"#.utf8
        body += try row.bytes("items")
        body += "}".utf8
        return .json(body, position: try row.position)
    }
}

extension ReadModels {
    /// `read`, for a statement that is given a time zone: one that the database does not know is a fault of the request.
    func readZoned(_ models: [ReadModel], atLeast minimum: Int64?, _ statement: Statement) async throws -> Row {
        do {
            return try await read(models, atLeast: minimum, statement)
        } catch let error as PostgresError where error.sqlState == Self.unknownTimeZone {
            let fault = Fault(at: .parameter("tz"), "unknown_value", "The database does not know this time zone.")
            throw Problem.validationFailed([fault])
        }
    }

    /// SQLSTATE invalid_parameter_value. PostgreSQL and Foundation have their own databases of time zones.
    static let unknownTimeZone = SQLState.invalidParameterValue
}
