/// For each read model one statement that makes its rows from the events, by JSON, each event's fields read once: what
/// PostgreSQL does without any engine around it.
enum SingleStatements {
    /// By projection; `TABLE` stands for the table to fill.
    static let all = [
        "hourly_counts": """
        insert into TABLE (camera_id, line, class, bucket_start, count_in, count_out, readings)
        select
          (data ->> 'camera_id')::bigint as camera_id,
          data ->> 'line' as line,
          data ->> 'class' as class,
          date_bin('15 minutes', (data ->> 'observed_at')::timestamptz, timestamptz '0001-01-01 00:00:00+00')
            as bucket_start,
          sum((data ->> 'count_in')::bigint)::bigint,
          sum((data ->> 'count_out')::bigint)::bigint,
          count(*)
        from events
        where type = 'CountReadingRecorded'
        group by 1, 2, 3, 4
        """,
        "health_summary": """
        insert into TABLE (
          camera_id, status, last_heartbeat, heartbeats, error_count, last_error_message,
          last_error_timestamp, response_time_ms, stream_quality_score, fps, decode_time_ms, inference_time_ms,
          cpu_usage, memory_usage, network_bandwidth, frames_dropped, position)
        with heartbeat as materialized (
          select
            (data ->> 'camera_id')::bigint as camera_id,
            position,
            (data ->> 'observed_at')::timestamptz as observed_at,
            data ->> 'status' as status,
            (data ->> 'frames_dropped')::bigint as frames_dropped,
            data ->> 'error_message' as error_message
          from events
          where type = 'HeartbeatRecorded'
        ),
        total as (
          select
            camera_id,
            max(position) as position,
            count(*) as heartbeats,
            count(*) filter (where status = 'error' or error_message is not null) as error_count,
            sum(frames_dropped) as frames_dropped
          from heartbeat
          group by camera_id
        ),
        latest as (
          select distinct on (camera_id) camera_id, position, observed_at, status
          from heartbeat
          order by camera_id, observed_at desc, position desc
        ),
        last_error as (
          select distinct on (camera_id) camera_id, observed_at, error_message
          from heartbeat
          where status = 'error' or error_message is not null
          order by camera_id, observed_at desc, position desc
        )
        select
          (registered.data ->> 'camera_id')::bigint,
          latest.status,
          latest.observed_at,
          coalesce(total.heartbeats, 0),
          coalesce(total.error_count, 0),
          last_error.error_message,
          last_error.observed_at,
          (last.data ->> 'response_time_ms')::double precision,
          (last.data ->> 'stream_quality_score')::double precision,
          (last.data ->> 'fps')::double precision,
          (last.data ->> 'decode_time_ms')::double precision,
          (last.data ->> 'inference_time_ms')::double precision,
          (last.data ->> 'cpu_usage')::double precision,
          (last.data ->> 'memory_usage')::double precision,
          (last.data ->> 'network_bandwidth')::double precision,
          coalesce(total.frames_dropped, 0)::bigint,
          coalesce(total.position, registered.position)
        from events as registered
        left join total on total.camera_id = (registered.data ->> 'camera_id')::bigint
        left join latest on latest.camera_id = total.camera_id
        left join last_error on last_error.camera_id = total.camera_id
        left join events as last on last.position = latest.position
        where registered.type = 'CameraRegistered'
          and not exists (
            select from events as removed
            where removed.type = 'CameraRemoved' and removed.stream = registered.stream)
        """,
        "camera_state": """
        insert into TABLE (
          camera_id, name, location, description, stream_url, stream_credentials_id, security_config_id,
          stream_credentials, stream_type, status,
          desired_state, worker_id, epoch, settings, metadata, lines, time_zone, created_at, updated_at,
          created_by, updated_by, version, position, removed)
        with life as (
          select
            stream,
            min(recorded_at) as created_at,
            max(recorded_at) as updated_at,
            max(version) as version,
            max(position) as position,
            (array_agg(metadata ->> 'actor' order by version))[1] as created_by,
            (array_agg(metadata ->> 'actor' order by version desc))[1] as updated_by,
            (array_agg(data order by version desc)
              filter (where type in ('CameraRegistered', 'CameraDescribed')))[1] as described,
            (array_agg(data order by version desc)
              filter (where type in ('CameraRegistered', 'CameraConfigured')))[1] as configured,
            (array_agg(data ->> 'to' order by version desc) filter (where type = 'CameraStatusChanged'))[1]
              as status,
            (array_agg(type order by version desc)
              filter (where type in ('CameraStarted', 'CameraRestarted', 'CameraStopped', 'CameraRemoved')))[1]
              as desired,
            (array_agg(data order by version desc) filter (where type in ('CameraStarted', 'CameraRestarted')))[1]
              as started,
            bool_or(type = 'CameraRemoved') as removed
          from events
          where type in (
            'CameraRegistered', 'CameraDescribed', 'CameraConfigured', 'CameraStatusChanged', 'CameraStarted',
            'CameraRestarted', 'CameraStopped', 'CameraRemoved')
          group by stream
        )
        select
          (described ->> 'camera_id')::bigint, described ->> 'name', described ->> 'location',
          described ->> 'description', configured ->> 'stream_url', configured ->> 'stream_credentials_id',
          configured ->> 'security_config_id', configured ->> 'stream_credentials',
          configured ->> 'stream_type', coalesce(status, 'offline'),
          case when desired in ('CameraStarted', 'CameraRestarted') then 'running' else 'stopped' end,
          started ->> 'worker_id', coalesce((started ->> 'epoch')::bigint, 0), described -> 'settings',
          described -> 'metadata', configured -> 'lines', described ->> 'time_zone', created_at, updated_at,
          created_by, updated_by, version, position, removed
        from life
        """,
    ]
}
