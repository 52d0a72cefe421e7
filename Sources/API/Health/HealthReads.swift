import Counting
import EventSourcing
import Hummingbird
import Postgres
import UseCases

/// The health of the cameras, by their heartbeats.
struct HealthReads: Sendable {
    let readModels: ReadModels

    private static let models: [ReadModel] = [.cameraState, .healthSummary, .cameraUptime]

    static let ofCamera = SQLQuery(
        "health_of_camera",
        """
        with camera as (
          select * from \(CameraStanding.cameras) as cameras where camera_id = :camera
        )
        select
          \(ReadModels.position(of: models)) as position,
          (select removed from camera) as removed,
          (
            select row_to_json(shown)
            from (
              select
                camera.camera_id,
                camera.status,
                rfc3339(last_heartbeat) as last_heartbeat,
                rfc3339(last_heard_at) as last_heard_at,
                clock_offset_ms,
                \(ClockOffset.warnings) as warnings,
                \(Uptime.ofLife("camera.camera_id")) as uptime_percentage,
                response_time_ms, stream_quality_score,
                coalesce(error_count, 0) as error_count, last_error_message,
                rfc3339(last_error_timestamp) as last_error_timestamp,
                cpu_usage, memory_usage, network_bandwidth, fps,
                coalesce(frames_dropped, 0) as frames_dropped,
                coalesce(readings_refused, 0) as readings_refused,
                coalesce(readings_given_up, 0) as readings_given_up,
                decode_time_ms, inference_time_ms
              from (select camera_id, \(CameraStanding.status) as status from camera) as camera
              left join read.health_summary as health using (camera_id)
            ) as shown
          ) as health
        """, parameters: ["camera": .integer],
        columns: ["position": .integer, "removed": .bool, "health": .bytes])

    static let ofFleet = SQLQuery(
        "health_of_fleet",
        """
        with fleet as (
          select
            camera.status, desired_state, is_stale, error_count, response_time_ms, stream_quality_score,
            readings_refused, readings_given_up,
            \(Uptime.ofLife("camera.camera_id")) as uptime
          from (
            select camera_id, desired_state, \(CameraStanding.status) as status, \(CameraStanding.isStale) as is_stale
            from \(CameraStanding.cameras) as camera
            where not removed and \(ScopeCondition.sql("camera"))
          ) as camera
          left join read.health_summary as health using (camera_id)
        )
        select
          \(ReadModels.position(of: models)) as position,
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
                count(*) filter (where is_stale) as stale,
                round(avg(uptime)::numeric, 2)::double precision as average_uptime_percentage,
                round(avg(stream_quality_score)::numeric, 4)::double precision as average_stream_quality_score,
                round(avg(response_time_ms)::numeric, 3)::double precision as average_response_time_ms,
                coalesce(sum(error_count), 0) as error_count,
                coalesce(sum(readings_refused), 0) as readings_refused,
                coalesce(sum(readings_given_up), 0) as readings_given_up
              from fleet
            ) as totals
          ) as totals
        """, parameters: ScopeCondition.parameters, columns: ["position": .integer, "totals": .bytes])

    @Sendable func show(_ request: Request, _ context: APIContext) async throws -> Response {
        let id = try context.cameraID
        let minimum = try Query.read(request) { $0.minimumPosition() }
        let row = try await row(of: id, atLeast: minimum)
        return .json(try row.bytes("health"), position: try row.position)
    }

    /// The health of a camera, as `show` answers it.
    func document(of id: CameraID, atLeast position: Int64) async throws -> [UInt8] {
        Array(try await row(of: id, atLeast: position).bytes("health"))
    }

    private func row(of id: CameraID, atLeast minimum: Int64?) async throws -> Row {
        try await readModels.row(
            of: id, Self.models, atLeast: minimum, Self.ofCamera, ["camera": .integer(id.number)])
    }

    @Sendable func summary(_ request: Request, _ context: APIContext) async throws -> Response {
        let minimum = try Query.read(request) { $0.minimumPosition() }
        let row = try await readModels.read(
            Self.models, atLeast: minimum,
            Self.ofFleet.statement(ScopeCondition(context.principal.scope).values))
        return .json(try row.bytes("totals"), position: try row.position)
    }
}
