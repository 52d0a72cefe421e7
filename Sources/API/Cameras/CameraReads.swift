import Counting
import EventSourcing
import Hummingbird
import Postgres

/// The cameras as the read model has them.
struct CameraReads: Sendable {
    let readModels: ReadModels

    /// A camera's members, in the order in which `CameraDocument` writes them.
    static let columns = """
        camera_id as id, name, location, description,
        case when stream_credentials is null then stream_url
             else regexp_replace(stream_url, '://', '://\(StreamAddress.mask)@') end as stream_url,
        stream_type, status, desired_state, worker_id, settings, metadata, lines, time_zone, monitoring,
        rfc3339(created_at) as created_at,
        rfc3339(updated_at) as updated_at,
        created_by, updated_by, version
        """

    private static let showSQL = """
        select checkpoint.position, camera.removed, camera.version, camera.document
        from (select \(ReadModels.position(of: .cameraState)) as position) as checkpoint
        left join (
          select removed, version, (select row_to_json(shown) from (select \(columns)) as shown) as document
          from read.camera_state
          where camera_id = $1
        ) as camera on true
        """

    @Sendable func show(_ request: Request, _ context: APIContext) async throws -> Response {
        let id = try context.cameraID
        let minimum = try Query.read(request) { $0.minimumPosition() }
        let known = try EntityTags(.ifNoneMatch, of: request)
        let row = try await readModels.read(
            [.cameraState], atLeast: minimum, Self.showSQL, [.integer(id.number)])
        try row.checkCamera(removed: 1)
        let (position, version) = (try row.position, try row.integer(2))
        if let known, known.matchesWeakly(version) { return .notModified(position: position, version: version) }
        return .json(try row.bytes(3), position: position, version: version)
    }

    @Sendable func list(_ request: Request, _ context: APIContext) async throws -> Response {
        let list = try CameraList(request, in: context.principal.scope)
        let row = try await readModels.read([.cameraState], atLeast: list.minimumPosition, list.sql, list.parameters)
        let total = try row.integer(1)
        var body = Array(#"{"items":"#.utf8)
        body += try row.bytes(2)
        body += #","total":\#(total),"skip":\#(list.skip),"limit":\#(list.limit)}"#.utf8
        var response = Response.json(body, position: try row.position)
        response.headers[.link] = list.links(total: total)
        return response
    }
}

extension Row {
    /// Makes sure that there is a camera, where the column holds whether it was removed.
    func checkCamera(removed column: Int) throws {
        if isNull(column) { throw Problem(Camera.Rejection.unknown) }
        if try bool(column) { throw Problem(Camera.Rejection.removed) }
    }
}
