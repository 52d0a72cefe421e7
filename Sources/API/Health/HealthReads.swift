import Counting
import EventSourcing
import Hummingbird
import Postgres

/// How the cameras fare, by their heartbeats.
struct HealthReads: Sendable {
    let readModels: ReadModels
    let now: @Sendable () -> Timestamp

    /// SQL for the share of time online, in percent, since a camera's first heartbeat up to `now`. The last heartbeat, if it
    /// said online, vouches for 90 seconds.
    static func uptime(at now: String) -> String {
        """
        round(
          case
            when first_heartbeat is null then null
            when first_heartbeat < greatest(\(now), last_heartbeat) then
              least(
                100,
                (
                  up_ms + case when health.status = 'online' then
                    greatest(0, least(90000, 1000 * extract(epoch from \(now) - last_heartbeat))) else 0 end
                ) / (10 * extract(epoch from greatest(\(now), last_heartbeat) - first_heartbeat))
              )
            when health.status = 'online' then 100
            else 0
          end,
          2
        )::double precision
        """
    }

    private static let showSQL = """
        with camera as (
          select camera_id, removed from read.camera_state where camera_id = $2
        )
        select
          \(ReadModels.position(of: .cameraState, .healthSummary)),
          (select removed from camera),
          (
            select row_to_json(shown)
            from (
              select
                camera.camera_id,
                coalesce(health.status, 'offline') as status,
                rfc3339(last_heartbeat) as last_heartbeat,
                \(uptime(at: "$1::timestamptz")) as uptime_percentage,
                response_time_ms, stream_quality_score,
                coalesce(error_count, 0) as error_count, last_error_message,
                rfc3339(last_error_timestamp) as last_error_timestamp,
                cpu_usage, memory_usage, network_bandwidth, fps,
                coalesce(frames_dropped, 0) as frames_dropped, decode_time_ms, inference_time_ms
              from camera
              left join read.health_summary as health using (camera_id)
            ) as shown
          )
        """

    private static let summarySQL = """
        with fleet as (
          select
            camera.status, camera.desired_state, last_heartbeat, error_count, response_time_ms, stream_quality_score,
            \(uptime(at: "$1::timestamptz")) as uptime
          from read.camera_state as camera
          left join read.health_summary as health using (camera_id)
          where not camera.removed and \(ScopeCondition.sql("camera", from: 2))
        )
        select
          \(ReadModels.position(of: .cameraState, .healthSummary)),
          (
            select row_to_json(totals)
            from (
              select
                count(*) as total,
                json_build_object(
                  'online', count(*) filter (where status = 'online'),
                  'offline', count(*) filter (where status = 'offline'),
                  'maintenance', count(*) filter (where status = 'maintenance'),
                  'error', count(*) filter (where status = 'error')
                ) as by_status,
                count(*) filter (where desired_state = 'running') as running,
                count(*) filter (
                  where desired_state = 'running'
                    and (last_heartbeat is null or last_heartbeat < $1::timestamptz - interval '90 seconds')
                ) as stale,
                round(avg(uptime)::numeric, 2)::double precision as average_uptime_percentage,
                avg(stream_quality_score) as average_stream_quality_score,
                avg(response_time_ms) as average_response_time_ms,
                coalesce(sum(error_count), 0) as error_count
              from fleet
            ) as totals
          )
        """

    @Sendable func show(_ request: Request, _ context: APIContext) async throws -> Response {
        let id = try context.cameraID
        let minimum = try Query.read(request) { $0.minimumPosition() }
        let row = try await readModels.read(
            [.cameraState, .healthSummary], atLeast: minimum, Self.showSQL,
            [.timestamp(now().microseconds), .integer(id.number)])
        try row.checkCamera(removed: 1)
        return .json(try row.bytes(2), position: try row.position)
    }

    /// The health of a camera, as `show` answers it.
    func document(of id: CameraID, atLeast position: Int64) async throws -> [UInt8] {
        let row = try await readModels.read(
            [.cameraState, .healthSummary], atLeast: position, Self.showSQL,
            [.timestamp(now().microseconds), .integer(id.number)])
        try row.checkCamera(removed: 1)
        return Array(try row.bytes(2))
    }

    @Sendable func summary(_ request: Request, _ context: APIContext) async throws -> Response {
        let minimum = try Query.read(request) { $0.minimumPosition() }
        let row = try await readModels.read(
            [.cameraState, .healthSummary], atLeast: minimum, Self.summarySQL,
            [.timestamp(now().microseconds)] + ScopeCondition(context.principal.scope).parameters)
        return .json(try row.bytes(1), position: try row.position)
    }
}
