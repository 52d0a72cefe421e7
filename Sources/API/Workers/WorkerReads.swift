import Counting
import EventSourcing
import Hummingbird
import Logging
import Postgres
import Secrets

/// What workers are to do.
struct WorkerReads: Sendable {
    let readModels: ReadModels
    let vault: CameraVault

    /// The only answer with stream credentials in it: workers open the streams.
    private static let assignment = """
        select
          camera_id, epoch, version, \(CameraStanding.status) as status,
          stream_url, stream_credentials, stream_path, stream_type, lines, settings,
          -- null in the moment between a change of the recording and its take
          case when take_stream_url = stream_url and take_started_at = (settings ->> 'started_at')::timestamptz
            then take end as take,
          case when take is not null then (
            select last_sequence
            from producers
            where producers.stream = '\(CameraID.StreamRole.telemetry.prefix)' || camera_id
              and producers.source = \(ReportSeries.takeSource(sql: "take"))
          ) end as counted_to
        """

    private static let assignmentsSQL = """
        with assigned as (
          select *
          from \(CameraStanding.cameras) as cameras
          where worker_id = $1 and desired_state = 'running' and not removed
        )
        select
          \(ReadModels.position(of: .cameraState)),
          \(ReadModels.array(assignment, from: "assigned", orderedBy: "camera_id")),
          (\(HeldSecrets.select("assigned")))
        """

    @Sendable func assignments(_ request: Request, _ context: APIContext) async throws -> Response {
        let worker = try context.workerID
        let minimum = try Query.read(request) { $0.minimumPosition() }
        let row = try await readModels.read(
            [.cameraState], atLeast: minimum, Self.assignmentsSQL, [.text(worker.text)])
        let items = try HeldSecrets(try row.optionalBytes(2)).added(to: try row.bytes(1), by: vault, context.logger)
        return .json(#"{"items":"#.utf8 + items + "}".utf8, position: try row.position)
    }
}
