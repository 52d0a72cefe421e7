import Counting
import EventSourcing
import HTTPTypes
import Hummingbird

/// Reports of a day or a week, for programs and for people.
struct Reports: Sendable {
    let readModels: ReadModels
    let now: @Sendable () -> Timestamp

    @Sendable func show(_ request: Request, _ context: APIContext) async throws -> Response {
        let id = try context.cameraID
        let query = try ReportQuery(request)
        let created = now()
        let row = try await readModels.row(
            of: id, atLeast: query.minimumPosition
        ) { minimum in
            try await readModels.readZoned(
                [.cameraState, .cameraMetrics, .hourlyCounts, .cameraUptime], atLeast: minimum,
                query.statement(id, now: created))
        }
        let from = Timestamp(microseconds: try row.timestamp("from"))
        let to = Timestamp(microseconds: try row.timestamp("to"))
        let zone = try row.text("zone")
        guard from < to else {
            let fault = Fault(at: .parameter("date"), "unknown_value", "The clocks of \(zone) never showed this date.")
            throw Problem.validationFailed([fault])
        }
        let hours = try await analytics(.hour, id, from: from, to: to, zone: zone)
        let parts = query.period == .daily ? hours : try await analytics(.day, id, from: from, to: to, zone: zone)
        let skipped = try await readModels.skipped(by: [.hourlyCounts, .cameraMetrics, .cameraUptime])
            .positions(of: id) {
                SkippedEvents.Span(from: parts["previous"]?["from"]?.string ?? from.rfc3339, to: to.rfc3339)
            }
        let report = Report(
            period: query.period, from: from, to: to, zone: zone, camera: try JSON.parse(row.bytes("camera")),
            health: try JSON.parse(row.bytes("health")), createdAt: created, analytics: parts, hours: hours,
            skipped: skipped)
        guard let report else { throw Problem.internalError }
        let position = try row.position
        guard query.format == .html else { return .json(report.json.bytes, position: position) }
        let clock = try await LocalClock(zone, ReportPage.instants(of: report), pool: readModels.pool)
        return Response(
            status: .ok,
            headers: [
                .contentType: "text/html; charset=utf-8", .position: String(position),
                .contentSecurityPolicy: Self.policy,
            ], body: ResponseBody(byteBuffer: ByteBuffer(string: try ReportPage(report, clock: clock).html)))
    }

    /// The page has styles of its own, and nothing else: no script, nothing from elsewhere.
    private static let policy =
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

    private func analytics(
        _ window: AnalyticsQuery.Window, _ id: CameraID, from: Timestamp, to: Timestamp, zone: String
    ) async throws -> JSON {
        let query = AnalyticsQuery(
            window: window, range: CountRange(from: from, to: to, zone: try TimeZoneName(zone)))
        let row = try await readModels.readZoned(
            [.cameraState, .hourlyCounts], atLeast: nil, query.statement(id))
        return try JSON.parse(row.bytes("answer"))
    }
}
