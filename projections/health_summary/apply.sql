-- Folds heartbeats into the camera's row.
-- Inputs: camera_registered, heartbeat_recorded, camera_removed

insert into health_summary (camera_id, status, up_ms, heartbeats, error_count, frames_dropped, position)
select camera_id, 'offline', 0, 0, 0, 0, position
from camera_registered;

-- totals: an online heartbeat vouches for the time since the latest before it, for 90 seconds at most;
-- one that comes late vouches for nothing, its time is accounted for
with heartbeats as (
    select
        camera_id,
        position,
        observed_at,
        status,
        frames_dropped,
        status = 'error' or error_message is not null as is_error,
        observed_at - greatest(
            -- a subquery, not a join: looked up by key whether the range holds one event or fifty thousand
            (
                select health_summary.last_heartbeat
                from health_summary
                where health_summary.camera_id = heartbeat_recorded.camera_id
            ),
            max(observed_at) over (
                partition by camera_id
                order by position
                rows between unbounded preceding and 1 preceding
            )
        ) as gap
    from heartbeat_recorded
),
totals as (
    select
        camera_id,
        max(position) as position,
        min(observed_at) as first_heartbeat,
        count(*) as heartbeats,
        count(*) filter (where is_error) as error_count,
        coalesce(sum(frames_dropped), 0)::bigint as frames_dropped,
        coalesce(
            sum(round(1000 * extract(epoch from least(gap, interval '90 seconds'))))
                filter (where status = 'online' and gap > interval '0 seconds'),
            0
        )::bigint as up_ms
    from heartbeats
    group by camera_id
)
update health_summary
set
    first_heartbeat = least(health_summary.first_heartbeat, totals.first_heartbeat),
    up_ms = health_summary.up_ms + totals.up_ms,
    heartbeats = health_summary.heartbeats + totals.heartbeats,
    error_count = health_summary.error_count + totals.error_count,
    frames_dropped = health_summary.frames_dropped + totals.frames_dropped,
    position = totals.position
from totals
where health_summary.camera_id = totals.camera_id;

-- the last error
with latest as (
    select distinct on (camera_id) camera_id, observed_at, error_message
    from heartbeat_recorded
    where status = 'error' or error_message is not null
    order by camera_id, observed_at desc, position desc
)
update health_summary
set
    last_error_message = latest.error_message,
    last_error_timestamp = latest.observed_at
from latest
where health_summary.camera_id = latest.camera_id
    and (health_summary.last_error_timestamp is null or latest.observed_at >= health_summary.last_error_timestamp);

-- the latest heartbeat
with latest as (
    select distinct on (camera_id)
        camera_id, observed_at, status, response_time_ms, stream_quality_score, fps, decode_time_ms,
        inference_time_ms, cpu_usage, memory_usage, network_bandwidth
    from heartbeat_recorded
    order by camera_id, observed_at desc, position desc
)
update health_summary
set
    last_heartbeat = latest.observed_at,
    status = latest.status,
    response_time_ms = latest.response_time_ms,
    stream_quality_score = latest.stream_quality_score,
    fps = latest.fps,
    decode_time_ms = latest.decode_time_ms,
    inference_time_ms = latest.inference_time_ms,
    cpu_usage = latest.cpu_usage,
    memory_usage = latest.memory_usage,
    network_bandwidth = latest.network_bandwidth
from latest
where health_summary.camera_id = latest.camera_id
    and (health_summary.last_heartbeat is null or latest.observed_at >= health_summary.last_heartbeat);

delete from health_summary
using camera_removed
where health_summary.camera_id = camera_removed.camera_id;
