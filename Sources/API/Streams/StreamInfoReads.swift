import Counting
import EventSourcing
import Hummingbird
import Postgres

/// What is known of cameras' streams.
struct StreamInfoReads: Sendable {
    let readModels: ReadModels
    let now: @Sendable () -> Timestamp

    /// All null but the id where nobody has looked yet and no worker has told anything.
    static let query = SQLQuery(
        "stream_info",
        """
        with camera as (
          select camera_id, removed from read.camera_state where camera_id = :camera
        )
        select
          \(ReadModels.position(of: .cameraState, .healthSummary, .streamInfo)) as position,
          (select removed from camera) as removed,
          (
            select row_to_json(shown)
            from (
              select
                camera.camera_id, info.codec, info.width, info.height, info.fps, info.duration_ms,
                rfc3339(info.seen_at) as seen_at,
                case when info.seen_at is not null then
                  round(1000 * greatest(0, extract(epoch from :now::timestamptz - info.seen_at)))::bigint
                end as age_ms,
                case when info.camera_id is not null then json_build_object(
                  'ok', info.ok, 'observed_at', rfc3339(info.observed_at), 'reason', info.reason,
                  'detail', info.detail, 'response_time_ms', info.response_time_ms) end as last_test,
                case when health.last_heartbeat is not null then json_build_object(
                  'fps', health.fps, 'observed_at', rfc3339(health.last_heartbeat),
                  'age_ms',
                  round(1000 * greatest(0, extract(epoch from :now::timestamptz - health.last_heartbeat)))::bigint
                ) end as worker
              from camera
              left join read.stream_info as info using (camera_id)
              left join read.health_summary as health using (camera_id)
            ) as shown
          ) as info
        """, parameters: ["camera": .integer, "now": .timestamp],
        columns: ["position": .integer, "removed": .bool, "info": .bytes])

    @Sendable func show(_ request: Request, _ context: APIContext) async throws -> Response {
        let id = try context.cameraID
        let minimum = try Query.read(request) { $0.minimumPosition() }
        let row = try await readModels.row(
            of: id, [.cameraState, .healthSummary, .streamInfo], atLeast: minimum, Self.query,
            ["camera": .integer(id.number), "now": .timestamp(now().microseconds)])
        return .json(try row.bytes("info"), position: try row.position)
    }
}
