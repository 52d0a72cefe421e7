import Counting
import EventSourcing
import HTTPTypes
import Hummingbird
import Postgres

/// The cameras as the read model has them.
struct CameraReads: Sendable {
    let readModels: ReadModels
    let now: @Sendable () -> Timestamp
    private let remembered = CameraDocumentCache()

    init(readModels: ReadModels, now: @escaping @Sendable () -> Timestamp) {
        self.readModels = readModels
        self.now = now
    }

    /// A camera's own members, in the order in which `CameraDocument` writes them.
    static let columns = """
        camera_id as id, name, location, description,
        case when stream_credentials is null and stream_credentials_id is null then stream_url
             else regexp_replace(stream_url, '://', '://\(CameraSecret.mask)@') end as stream_url,
        stream_type, \(CameraStanding.status) as status, desired_state, worker_id, settings, metadata::json as metadata, lines, time_zone, monitoring,
        case when security_config_id is not null then '\(CameraSecret.mask)' end as security_config,
        rfc3339(created_at) as created_at,
        rfc3339(updated_at) as updated_at,
        created_by, updated_by, version
        """

    /// Shows the cameras of some ids: one row for each. `quarter` is the quarter hour that it is now.
    /// - Parameter document: SQL for the own members of a row of `read.camera_state`.
    private static func shown(_ name: String, _ document: String) -> SQLQuery {
        SQLQuery(
            name,
            """
            with cameras as materialized (
              select
                camera_id, removed, version, updated_at, time_zone, \(CameraStanding.status) as status, \(document) as document
              from \(CameraStanding.cameras) as cameras
              where camera_id = any (:keys)
            ),
            \(CameraEmbed.today(":quarter::timestamptz")),
            \(CameraEmbed.checkpoint)
            select
              position, wanted.key, removed, version, build, cameras.status,
              \(CameraEmbed.health.document(of: "wanted.key", status: "cameras.status")) as health,
              \(CameraEmbed.counts.document(of: "wanted.key", status: "cameras.status")) as counts,
              document, updated_at
            from unnest(:keys::bigint[]) as wanted (key)
            cross join checkpoint
            left join cameras on camera_id = wanted.key
            left join days using (time_zone)
            left join counted on counted_id = wanted.key
            """, parameters: ["keys": .integers, "quarter": .timestamp],
            columns: [
                "position": .integer, "key": .integer, "removed": .bool, "version": .integer, "build": .integer,
                "status": .text, "health": .bytes, "counts": .bytes, "document": .bytes, "updated_at": .timestamp,
            ])
    }

    static let whole = shown("camera", "(select row_to_json(shown) from (select \(columns)) as shown)")
    /// For anyone who knows the camera's own members.
    static let rest = shown("camera_without_document", "null")

    /// The camera, with its health and what it counted today. Each of the three is as fresh as its own read model, and
    /// says so: where one of those has stopped, the others go on.
    ///
    /// `ETag` is the version of the camera itself, which is what a command is made against; it does not change with
    /// heartbeats and counts. So 304 says that the camera is as it was, and nothing of those: anyone who wants them
    /// does not send `If-None-Match`, and no cache does so for them, since the answer is not to be stored.
    @Sendable func show(_ request: Request, _ context: APIContext) async throws -> Response {
        let id = try context.cameraID
        let minimum = try Query.read(request) { $0.minimumPosition() }
        let known = try EntityTags(.ifNoneMatch, of: request)
        let (row, document) = try await shown(id, atLeast: minimum, seen: known)
        let (position, version) = (try row.position, try row.integer("version"))
        if let known, known.matchesWeakly(version) { return .notModified(position: position, version: version) }
        var body = document
        body.removeLast()
        body += #","\#(CameraEmbed.health.member)":"#.utf8
        body += try row.optionalBytes("health") ?? Array("null".utf8)
        body += #","\#(CameraEmbed.counts.member)":"#.utf8
        body += try row.bytes("counts")
        body.append(UInt8(ascii: "}"))
        var response = Response.json(body, position: position, version: version)
        response.headers.append(HTTPField(name: .cacheControl, value: "no-store"))
        return response
    }

    /// A row of `whole` or `rest`, with the camera's own members, which the database writes out where they are not remembered.
    private func shown(
        _ id: CameraID, atLeast minimum: Int64?, seen: EntityTags?
    ) async throws -> (Row, document: [UInt8]) {
        let history = readModels.pool.history?.number ?? 0
        if remembered.hasDocument(of: id) {
            let row = try await row(of: id, atLeast: minimum, seen: seen, Self.rest)
            let version = try row.documentVersion(in: history)
            if let document = remembered.document(of: id, version) { return (row, document) }
        }
        let row = try await row(of: id, atLeast: minimum, seen: seen, Self.whole)
        let document = try row.bytes("document")
        remembered.keep(document, of: id, try row.documentVersion(in: history))
        return (row, document)
    }

    private func row(
        of id: CameraID, atLeast minimum: Int64?, seen: EntityTags?, _ query: SQLQuery
    ) async throws -> Row {
        let quarter = CameraEmbed.quarter(now())
        return try await readModels.row(of: id, atLeast: minimum, seen: seen) { minimum in
            try await readModels.read(
                [.cameraState], atLeast: minimum, of: id.number, query, [("quarter", .timestamp(quarter))])
        }
    }

    @Sendable func list(_ request: Request, _ context: APIContext) async throws -> Response {
        let list = try CameraList(request, scope: context.principal.scope, now: now())
        let page = list.page
        let row = try await readModels.read([.cameraState], atLeast: page.minimumPosition, list.statement)
        let total = try row.integer("total")
        var body = Array(#"{"items":"#.utf8)
        body += try row.bytes("items")
        let next = try list.next(row)
        body += #","total":\#(total),"skip":\#(page.skip),"limit":\#(page.limit)\#(page.member(next: next))}"#.utf8
        var response = Response.json(body, position: try row.position)
        response.headers[.link] = list.links(total: total, next: next)
        return response
    }
}

extension Row {
    /// Of the camera in a row of `whole` or `rest`.
    fileprivate func documentVersion(in history: Int64) throws -> CameraDocumentCache.Version {
        CameraDocumentCache.Version(
            history: history, build: try integer("build"), number: try integer("version"),
            status: try text("status"), updatedAt: try timestamp("updated_at"))
    }
}
