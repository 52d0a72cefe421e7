import Counting
import EventSourcing
import Hummingbird
import Postgres
import UseCases

/// A camera's configuration as a resource of its own: what counting is tuned by, without the rest of the camera.
struct CameraConfigResource: Sendable {
    let readModels: ReadModels
    let commands: CameraCommands
    let now: @Sendable () -> Timestamp

    static let query = SQLQuery(
        "config_of_camera",
        """
        select checkpoint.position, camera.removed, camera.version, camera.document
        from (select \(ReadModels.position(of: .cameraState)) as position) as checkpoint
        left join (
          select
            removed, version, (select row_to_json(shown) from (select \(CameraConfig.columns)) as shown) as document
          from read.camera_state
          where camera_id = :camera
        ) as camera on true
        """, parameters: ["camera": .integer],
        columns: ["position": .integer, "removed": .bool, "version": .integer, "document": .bytes])

    @Sendable func show(_ request: Request, _ context: APIContext) async throws -> Response {
        let id = try context.cameraID
        let minimum = try Query.read(request) { $0.minimumPosition() }
        let known = try EntityTags(.ifNoneMatch, of: request)
        let row = try await readModels.row(
            of: id, [.cameraState], atLeast: minimum, seen: known, Self.query, ["camera": .integer(id.number)])
        let (position, version) = (try row.position, try row.integer("version"))
        if let known, known.matchesWeakly(version) { return .notModified(position: position, version: version) }
        return .json(try row.bytes("document"), position: position, version: version)
    }

    /// Replaces the configuration. What is given as it is already changes nothing, a default that was filled in included.
    @Sendable func replace(_ request: Request, _ context: APIContext) async throws -> Response {
        try Query.none(request)
        let expected = try Precondition.required(request)
        let config = try CameraConfig(try await request.json(), now: now())
        let handled = try await commands.control(
            try context.cameraID, by: .adjust(config.settings, config.lines, config.timeZone), expecting: expected,
            metadata: context.eventMetadata)
        let camera = try handled.folded.state.registered
        return .json(
            camera.saying(CameraConfig(camera).bytes), position: handled.folded.updated?.position,
            version: handled.folded.version)
    }
}
