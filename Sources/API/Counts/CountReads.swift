import Counting
import EventSourcing
import Hummingbird
import Postgres

/// What crossed a camera's lines, over time.
struct CountReads: Sendable {
    let readModels: ReadModels
    let now: @Sendable () -> Timestamp

    @Sendable func history(_ request: Request, _ context: APIContext) async throws -> Response {
        let id = try context.cameraID
        let query = try CountQuery(request, now: now())
        let row = try await row(query, id)
        try row.checkCamera(removed: 1)
        if try row.integer(5) > CountQuery.maximumRows { throw Problem.tooManyRows }

        var body = Array(#"{"from":"\#(try row.text(2))","to":"\#(try row.text(3))","#.utf8)
        body += #""bucket":"\#(query.bucket.rawValue)","tz":"\#(try row.text(4))","items":"#.utf8
        body += try row.bytes(6)
        body += "}".utf8
        return .json(body, position: try row.position)
    }

    private func row(_ query: CountQuery, _ id: CameraID) async throws -> Row {
        do {
            return try await readModels.read(
                [.cameraState, .hourlyCounts], atLeast: query.minimumPosition, query.sql, query.parameters(id))
        } catch let error as PostgresError where error.sqlState == Self.unknownTimeZone {
            let fault = Fault(at: .parameter("tz"), "unknown_value", "The database does not know this time zone.")
            throw Problem.validationFailed([fault])
        }
    }

    /// SQLSTATE invalid_parameter_value. PostgreSQL and Foundation have their own databases of time zones.
    private static let unknownTimeZone = "22023"
}
