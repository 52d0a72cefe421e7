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

    static let assigned = SQLQuery(
        "assignments_of_worker",
        """
        with assigned as (
          select *
          from \(CameraStanding.cameras) as cameras
          where worker_id = :worker and desired_state = 'running' and not removed
        )
        select
          \(ReadModels.position(of: .cameraState)) as position,
          \(ReadModels.array(assignment, from: "assigned", orderedBy: "camera_id")) as items,
          (\(HeldSecrets.select("assigned"))) as secrets
        """, parameters: ["worker": .text],
        columns: ["position": .integer, "items": .bytes, "secrets": .bytes])

    @Sendable func assignments(_ request: Request, _ context: APIContext) async throws -> Response {
        let worker = try context.workerID
        let minimum = try Query.read(request) { $0.minimumPosition() }
        let row = try await readModels.read(
            [.cameraState], atLeast: minimum, Self.assigned, ["worker": .text(worker.text)])
        let secrets = try HeldSecrets(try row.optionalBytes("secrets"))
        let items = try secrets.added(to: try row.bytes("items"), by: vault, context.logger)
        return .json(#"{"items":"#.utf8 + items + "}".utf8, position: try row.position)
    }
}
