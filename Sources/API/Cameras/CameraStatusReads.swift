import Counting
import EventSourcing
import Hummingbird
import Postgres

/// What is wanted of a camera beside what is known of it.
struct CameraStatusReads: Sendable {
    let readModels: ReadModels

    static let query = SQLQuery(
        "status_of_camera",
        """
        select checkpoint.position, camera.removed, camera.version, camera.document
        from (select \(ReadModels.position(of: .cameraState, .healthSummary)) as position) as checkpoint
        left join (
          select
            removed, version,
            (
              select row_to_json(shown)
              from (
                select
                  camera.camera_id,
                  camera.status,
                  rfc3339(status_since) as status_since,
                  desired_state,
                  rfc3339(desired_state_since) as desired_state_since,
                  worker_id,
                  epoch,
                  monitoring,
                  stale,
                  rfc3339(last_heartbeat) as last_heartbeat,
                  rfc3339(last_heard_at) as last_heard_at,
                  clock_offset_ms,
                  \(ClockOffset.warnings) as warnings,
                  coalesce(readings_refused, 0) as readings_refused,
                  coalesce(readings_given_up, 0) as readings_given_up,
                  case when last_heartbeat is not null then json_build_object(
                    'status', camera.status,
                    'response_time_ms', response_time_ms,
                    'stream_quality_score', stream_quality_score,
                    'fps', fps,
                    'decode_time_ms', decode_time_ms,
                    'inference_time_ms', inference_time_ms,
                    'cpu_usage', cpu_usage,
                    'memory_usage', memory_usage,
                    'network_bandwidth', network_bandwidth
                  ) end as metrics,
                  version
              ) as shown
            ) as document
          from (
            select
              camera_id, removed, desired_state, desired_state_since, worker_id, epoch, monitoring, version,
              \(CameraStanding.status) as status, \(CameraStanding.since) as status_since,
              \(CameraStanding.isStale) as stale
            from \(CameraStanding.cameras) as cameras
            where camera_id = :camera
          ) as camera
          left join read.health_summary as health using (camera_id)
        ) as camera on true
        """, parameters: ["camera": .integer],
        columns: ["position": .integer, "removed": .bool, "version": .integer, "document": .bytes])

    @Sendable func show(_ request: Request, _ context: APIContext) async throws -> Response {
        let id = try context.cameraID
        let minimum = try Query.read(request) { $0.minimumPosition() }
        let row = try await readModels.row(
            of: id, [.cameraState, .healthSummary], atLeast: minimum, Self.query, ["camera": .integer(id.number)])
        return .json(try row.bytes("document"), position: try row.position)
    }
}
