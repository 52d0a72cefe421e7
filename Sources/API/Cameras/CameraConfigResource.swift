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

    private static let showSQL = """
        select checkpoint.position, camera.removed, camera.version, camera.document
        from (select \(ReadModels.position(of: .cameraState)) as position) as checkpoint
        left join (
          select
            removed, version, (select row_to_json(shown) from (select \(CameraConfig.columns)) as shown) as document
          from read.camera_state
          where camera_id = $1
        ) as camera on true
        """

    @Sendable func show(_ request: Request, _ context: APIContext) async throws -> Response {
        let id = try context.cameraID
        let minimum = try Query.read(request) { $0.minimumPosition() }
        let known = try EntityTags(.ifNoneMatch, of: request)
        let row = try await readModels.row(
            of: id, CameraColumns(removed: 1, version: 2), [.cameraState], atLeast: minimum, seen: known, Self.showSQL,
            [.integer(id.number)])
        let (position, version) = (try row.position, try row.integer(2))
        if let known, known.matchesWeakly(version) { return .notModified(position: position, version: version) }
        return .json(try row.bytes(3), position: position, version: version)
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
