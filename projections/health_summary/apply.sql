-- Folds heartbeats into the camera's row. The range's heartbeats are gone through once; what else the latest of them say
-- is then looked up by position.
-- Inputs: camera_registered, heartbeat_recorded, camera_removed

insert into health_summary (camera_id, status, up_ms, heartbeats, error_count, frames_dropped, position)
select camera_id, 'offline', 0, 0, 0, 0, position
from camera_registered;

-- totals: an online heartbeat vouches for the time since the latest before it, for 90 seconds at most;
-- one that comes late vouches for nothing, its time is accounted for
with heartbeats as materialized (
    -- only what is needed here, before anything is sorted
    select
        camera_id,
        position,
        observed_at,
        status = 'online' as is_online,
        frames_dropped,
        status = 'error' or error_message is not null as is_error
    from heartbeat_recorded
),
gaps as (
    select
        *,
        observed_at - greatest(
            -- a subquery, not a join: looked up by key whether the range holds one event or fifty thousand
            (
                select health_summary.last_heartbeat
                from health_summary
                where health_summary.camera_id = heartbeats.camera_id
            ),
            max(observed_at) over (
                partition by camera_id
                order by position
                rows between unbounded preceding and 1 preceding
            )
        ) as gap
    from heartbeats
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
                filter (where is_online and gap > interval '0 seconds'),
            0
        )::bigint as up_ms
    from gaps
    group by camera_id
),
latest as (
    select distinct on (camera_id) camera_id, observed_at, position
    from heartbeats
    order by camera_id, observed_at desc, position desc
),
latest_error as (
    select distinct on (camera_id) camera_id, observed_at, position
    from heartbeats
    where is_error
    order by camera_id, observed_at desc, position desc
)
update health_summary
set
    first_heartbeat = least(health_summary.first_heartbeat, totals.first_heartbeat),
    up_ms = health_summary.up_ms + totals.up_ms,
    heartbeats = health_summary.heartbeats + totals.heartbeats,
    error_count = health_summary.error_count + totals.error_count,
    frames_dropped = health_summary.frames_dropped + totals.frames_dropped,
    (
        last_heartbeat, status, response_time_ms, stream_quality_score, fps, decode_time_ms, inference_time_ms,
        cpu_usage, memory_usage, network_bandwidth
    ) = (
        select
            observed_at, status, response_time_ms, stream_quality_score, fps, decode_time_ms, inference_time_ms,
            cpu_usage, memory_usage, network_bandwidth
        from heartbeat_recorded
        where position = latest.position
            and (health_summary.last_heartbeat is null or latest.observed_at >= health_summary.last_heartbeat)
        union all
        select
            health_summary.last_heartbeat, health_summary.status, health_summary.response_time_ms,
            health_summary.stream_quality_score, health_summary.fps, health_summary.decode_time_ms,
            health_summary.inference_time_ms, health_summary.cpu_usage, health_summary.memory_usage,
            health_summary.network_bandwidth
        where latest.observed_at < health_summary.last_heartbeat
    ),
    (last_error_timestamp, last_error_message) = (
        select observed_at, error_message
        from heartbeat_recorded
        where position = latest_error.position
            and (
                health_summary.last_error_timestamp is null
                or latest_error.observed_at >= health_summary.last_error_timestamp
            )
        union all
        select health_summary.last_error_timestamp, health_summary.last_error_message
        where latest_error.position is null or latest_error.observed_at < health_summary.last_error_timestamp
    ),
    position = totals.position
from totals
join latest using (camera_id)
left join latest_error using (camera_id)
where health_summary.camera_id = totals.camera_id;

delete from health_summary
using camera_removed
where health_summary.camera_id = camera_removed.camera_id;
