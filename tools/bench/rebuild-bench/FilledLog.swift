import Logging
import Postgres

/// A log that was filled in the server: 200 cameras over three weeks, from 8 to 20 o'clock. Of 64 events 48 are readings
/// of two lines, 15 heartbeats and 1 a change of a camera; a hundredth comes two hours late.
struct FilledLog {
    static let cameras: Int64 = 200
    private static let eventsPerStatement: Int64 = 500_000

    /// - Parameters:
    ///   - events: how many there are to be in all.
    ///   - density: how many of them three weeks have.
    static func fill(events: Int64, density: Int64, on connection: Connection) async throws {
        try await connection.script(function)
        var position: Int64 = 0
        while position < events {
            position = min(position + eventsPerStatement, events)
            try await connection.query(filling, ["to": .integer(position), "density": .integer(density)])
        }
        for table in ["events", "streams"] { try await connection.script("vacuum analyze \(table)") }
        try await connection.script("checkpoint")
    }

    private static let filling = SQLQuery(
        "fill_log", "select fill_log(:to, :density)", parameters: ["to": .integer, "density": .integer])

    private static let function = """
        create function fill_log(p_to bigint, p_events bigint) returns void language plpgsql as $$
        declare
          v_from bigint := (select position from log_head);
        begin
          perform extend_event_partitions(p_to);
          with drawn as (
            select
              position,
              case when position <= 2 * \(cameras) then 1 + (position - 1) % \(cameras)
                else 1 + abs(hashint8extended(position, 1)) % \(cameras) end as camera,
              case when position <= 2 * \(cameras) then 0 else 1 + abs(hashint8extended(position, 2)) % 64 end as draw,
              timestamptz '2026-06-01 08:00:00+00'
                + interval '1 day' * ((position - 1) * 21 / p_events)
                + interval '12 hours' * ((((position - 1) * 21) % p_events)::double precision / p_events)
                as recorded_at
            from generate_series(v_from + 1, p_to) as position
          ),
          typed as (
            select
              position, camera, recorded_at,
              case
                when position <= \(cameras) then 'CameraRegistered'
                -- before it is stopped, as the domain has it
                when draw = 0 then 'CameraStarted'
                when draw = 1 then
                  (array['CameraStatusChanged', 'CameraDescribed', 'CameraStarted', 'CameraStopped'])[1 + position % 4]
                when draw <= 16 then 'HeartbeatRecorded'
                else 'CountReadingRecorded'
              end as type,
              case when draw <= 1 then 'camera-' else 'telemetry-' end || camera as stream,
              to_char(
                recorded_at
                  - case when position % 100 = 0 then interval '2 hours' else interval '1 second' * (position % 5) end,
                'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as observed_at
            from drawn
          )
          insert into events (
            position, version, recorded_at, schema_version, stream, type, actor, client_address, correlation_id, data
          )
          select
            position,
            coalesce(streams.version, 0) + row_number() over (partition by stream order by position),
            recorded_at, 1, stream, type, 'worker-' || camera % 9, '10.20.0.7',
            '5f0b3c1e-8a64-4d0e-9b57-' || 1000000000000 + position / 50,
            case type
              when 'CountReadingRecorded' then jsonb_build_object(
                'camera_id', camera, 'observed_at', observed_at, 'line', 'entrance-' || 1 + position % 2,
                'class', 'person', 'count_in', position % 5, 'count_out', position % 4,
                'confidence_score', (810 + position % 180)::double precision / 1000,
                'processing_time_ms', (120 + position % 90)::double precision / 10, 'ai_model_version', 'yolo-n-416-2')
              when 'HeartbeatRecorded' then jsonb_build_object(
                'camera_id', camera, 'observed_at', observed_at,
                'status', case when position % 50 = 0 then 'error' else 'online' end,
                'response_time_ms', (20 + position % 300)::double precision / 10,
                'stream_quality_score', (900 + position % 100)::double precision / 1000,
                'fps', (240 + position % 11)::double precision / 10, 'frames_dropped', position % 3,
                'decode_time_ms', (31 + position % 17)::double precision / 10,
                'inference_time_ms', (113 + position % 97)::double precision / 10,
                'cpu_usage', (400 + position % 317)::double precision / 10)
              when 'CameraStatusChanged' then jsonb_build_object(
                'camera_id', camera, 'from', 'offline', 'to', (array['online', 'offline', 'error'])[1 + position % 3])
              when 'CameraStarted' then jsonb_build_object(
                'camera_id', camera, 'worker_id', 'worker-' || position % 9, 'epoch', position)
              when 'CameraStopped' then jsonb_build_object('camera_id', camera, 'reason', 'closing time')
              else jsonb_build_object(
                'camera_id', camera, 'name', 'Entrance ' || camera, 'location', 'Hall ' || position % 7,
                'metadata', '{"floor": 2}'::jsonb, 'settings', '{}'::jsonb, 'time_zone', 'Europe/Berlin')
                || case when type = 'CameraDescribed' then '{}'
                  else '{"stream_url": "rtsp://10.0.0.5/live", "stream_type": "rtsp", "lines": []}'::jsonb end
            end
          from typed
          left join streams on streams.name = typed.stream
          order by position;

          insert into streams (version, name)
          select max(version), stream from events where position > v_from group by stream
          on conflict (name) do update set version = excluded.version;
          update log_head set position = p_to, recorded_at = (select recorded_at from events where position = p_to);
        end
        $$
        """
}
