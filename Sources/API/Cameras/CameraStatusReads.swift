import Counting
import EventSourcing
import Hummingbird
import Postgres

/// What is wanted of a camera beside what is known of it.
struct CameraStatusReads: Sendable {
    let readModels: ReadModels
    let now: @Sendable () -> Timestamp

    /// How long a heartbeat vouches for a camera, as SQL.
    static let vouching = "interval '90 seconds'"

    /// SQL for whether a camera should run and nothing was heard of it for 90 seconds.
    /// - Parameter now: SQL for the server's clock.
    static func isStale(now: String) -> String {
        """
        (desired_state = 'running' and (last_heartbeat is null or last_heartbeat < \(now)::timestamptz - \(vouching)))
        """
    }

    private static let showSQL = """
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
                  \(isStale(now: "$2")) as stale,
                  rfc3339(last_heartbeat) as last_heartbeat,
                  case when last_heartbeat is not null then json_build_object(
                    'status', health.status,
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
          from read.camera_state as camera
          left join read.health_summary as health using (camera_id)
          where camera_id = $1
        ) as camera on true
        """

    @Sendable func show(_ request: Request, _ context: APIContext) async throws -> Response {
        let id = try context.cameraID
        let minimum = try Query.read(request) { $0.minimumPosition() }
        let row = try await readModels.read(
            [.cameraState, .healthSummary], atLeast: minimum, Self.showSQL,
            [.integer(id.number), .timestamp(now().microseconds)])
        try row.checkCamera(removed: 1)
        return .json(try row.bytes(3), position: try row.position)
    }
}
