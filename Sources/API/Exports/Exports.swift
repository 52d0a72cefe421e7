import Access
import Counting
import EventLog
import EventSourcing
import HTTPTypes
import Hummingbird
import Postgres
import Resilience
import UseCases

/// Exports of readings, counts and the audit trail, as files that are streamed: memory stays flat, whatever their size,
/// and a slow reader holds back the source.
///
/// What goes wrong once the file has begun cannot be said by a status any more: then the connection is broken off, so that
/// no reader takes a part for the whole. The same happens where the reader takes nothing for the time of `timeout`.
struct Exports: Sendable {
    let readModels: ReadModels
    let permits: Semaphore
    let timeout: Duration

    @Sendable func ofCamera(_ request: Request, _ context: APIContext) async throws -> Response {
        let minimum = try Query.read(request) { $0.minimumPosition() }
        let id = try context.cameraID
        let form = try ExportForm(try await request.json(), isOfFleet: false)
        try checkPermission(form, context.principal)
        let row = try await readModels.row(of: id, atLeast: minimum) { minimum in
            try await begin(form, of: .camera, atLeast: minimum, [("camera", .integer(id.number))])
        }
        let fleet = FleetFilter(scope: .all, cameraIDs: [id.number], location: nil)
        return try await answer(form, "camera-\(id)", of: [id], fleet, at: row, context)
    }

    @Sendable func ofFleet(_ request: Request, _ context: APIContext) async throws -> Response {
        let minimum = try Query.read(request) { $0.minimumPosition() }
        let form = try ExportForm(try await request.json(), isOfFleet: true)
        let scope = context.principal.scope
        try checkPermission(form, context.principal)
        if form.kind == .audit, scope != .all, form.cameraIDs == nil {
            throw Problem(.forbidden, "The token is for some cameras only: name them in camera_ids.")
        }
        let fleet = FleetFilter(scope: scope, cameraIDs: form.cameraIDs, location: form.location)
        let isChosen = scope != .all || form.cameraIDs != nil || form.location != nil
        // Up to the log's end there are events of the cameras that the read model knows there.
        let isOfLog = isChosen && form.kind != .hourlyCounts
        let row = try await begin(
            form, of: isChosen ? .chosen : .fleet, atLeast: isOfLog ? try await readModels.head() : minimum,
            [("from", .timestamp(form.from.microseconds)), ("to", .timestamp(form.to.microseconds))] + fleet.values)
        let cameras =
            isChosen ? try row.integers("cameras").compactMap { number in try number.map { try CameraID($0) } } : nil
        return try await answer(form, "fleet", of: cameras, fleet, at: row, context)
    }

    private func checkPermission(_ form: ExportForm, _ principal: Principal) throws(Problem) {
        if form.kind == .audit, !principal.may(.admin) {
            throw Problem(.forbidden, "The audit trail takes the permission \(Permission.admin.rawValue).")
        }
    }

    /// What an export is about.
    enum Subject: String, CaseIterable {
        case camera
        /// Some cameras.
        case chosen
        /// All that there is.
        case fleet

        fileprivate var parameters: [(key: String, value: ValueType)] {
            switch self {
            case .camera: [("camera", .integer)]
            case .chosen: [("from", .timestamp), ("to", .timestamp)] + FleetFilter.parameters
            case .fleet: []
            }
        }
    }

    private static func models(of kind: ExportForm.Kind) -> [ReadModel] {
        [.cameraState, .cameraLocations] + (kind == .hourlyCounts ? [.hourlyCounts] : [])
    }

    /// The read models' position, the log's end, whether the time zone is known, and what is told of the subject.
    static func beginning(of kind: ExportForm.Kind, _ subject: Subject) -> SQLQuery {
        let common = """
            \(ReadModels.position(of: models(of: kind))) as position, (select position from log_head) as head,
            now() at time zone coalesce(:zone::text, 'UTC') is not null as is_known_zone
            """
        let name = "export_of_\(subject)_\(kind)"
        let parameters: [(key: String, value: ValueType)] = [("zone", .text)] + subject.parameters
        switch subject {
        case .camera:
            return SQLQuery(
                name,
                """
                select
                  \(common),
                  (select removed from read.camera_state where camera_id = :camera) as removed
                """, parameters: parameters,
                columns: ["position": .integer, "head": .integer, "is_known_zone": .bool, "removed": .bool])
        case .chosen:
            return SQLQuery(
                name,
                """
                with \(PlaceHistory.places)
                select
                  \(common),
                  (
                    select coalesce(array_agg(camera_id order by camera_id), '{}')
                    from read.camera_state as camera
                    where \(FleetFilter.sql("camera"))
                      and \(PlaceHistory.wasAt(FleetFilter.location, "camera.camera_id", from: ":from", to: ":to"))
                  ) as cameras
                """, parameters: parameters,
                columns: ["position": .integer, "head": .integer, "is_known_zone": .bool, "cameras": .integers])
        case .fleet:
            return SQLQuery(
                name, "select \(common)", parameters: parameters,
                columns: ["position": .integer, "head": .integer, "is_known_zone": .bool])
        }
    }

    private func begin(
        _ form: ExportForm, of subject: Subject, atLeast minimum: Int64?, _ values: [(key: String, value: Parameter)]
    ) async throws -> Row {
        let statement = Self.beginning(of: form.kind, subject).statement(
            among: [("zone", .text(form.zone?.text))] + values)
        do {
            return try await readModels.read(Self.models(of: form.kind), atLeast: minimum, statement)
        } catch let error as PostgresError where error.sqlState == ReadModels.unknownTimeZone {
            throw Problem.validationFailed([
                Fault(at: .pointer("/tz"), "unknown_value", "The database does not know this time zone.")
            ])
        }
    }

    private func answer(
        _ form: ExportForm, _ subject: String, of cameras: [CameraID]?, _ fleet: FleetFilter, at row: Row,
        _ context: APIContext
    ) async throws -> Response {
        // Readings and the trail come from the log, which leaves out nothing.
        let skipped =
            form.kind == .hourlyCounts
            ? try await readModels.skipped(by: [.hourlyCounts]).positions(of: fleet) {
                SkippedEvents.Span(from: form.from.rfc3339, to: form.to.rfc3339)
            } : []
        guard let permit = permits.take(for: context.principal.user) else {
            throw Problem.passing(
                .overloaded,
                "Exports are under way already, \(permits.maximum) of all users or \(permits.maximumOfUser) of yours; retry."
            )
        }
        let pool = readModels.pool
        let head = try row.integer("head")
        let source: any ExportSource =
            switch form.kind {
            case .readings: ReadingsExport(pool: pool, form: form, cameras: cameras, head: head)
            case .hourlyCounts where form.bucket == .quarterHour: CountsExport(pool: pool, form: form, fleet: fleet)
            case .hourlyCounts: BucketedCountsExport(pool: pool, form: form, fleet: fleet)
            case .audit: AuditExport(trail: AuditTrail(pool: pool), form: form, cameras: cameras, head: head)
            }
        var headers: HTTPFields = [
            .contentType: form.mediaType,
            .contentDisposition: "attachment; filename=\"\(form.fileName(subject))\"",
            .position: String(form.kind == .hourlyCounts ? try row.position : head),
        ]
        if let field = SkippedEvents.field(skipped) { headers.append(field) }
        let (watch, logger) = (ReaderWatch(timeout: timeout, channel: context.channel), context.logger)
        return Response(
            status: .ok, headers: headers,
            body: ResponseBody { writer in
                defer { withExtendedLifetime(permit) {} }
                do {
                    try await watch.whileWatching {
                        try await Self.write(source, form.compression, to: &writer, watch)
                    }
                } catch {
                    logger.warning("export broken off", metadata: ["reason": "\(error)"])
                    throw error
                }
                try await writer.finish(nil)
            })
    }

    private static func write(
        _ source: any ExportSource, _ compression: ExportForm.Compression,
        to writer: inout any ResponseBodyWriter, _ watch: ReaderWatch
    ) async throws {
        var file = try ExportFile(compression)
        file.add(Array(source.header.utf8))
        try await source.rows { text in
            file.add(text)
            if let piece = try file.piece(isLast: false) { try await watch.write(piece, to: &writer) }
        }
        if let piece = try file.piece(isLast: true) { try await watch.write(piece, to: &writer) }
    }
}
