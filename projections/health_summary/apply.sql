-- Folds heartbeats into the camera's row. The range's heartbeats are gone through once; what else the latest of them say
-- is then looked up by position.
-- Inputs: camera_registered, heartbeat_recorded, camera_removed

insert into health_summary (
    camera_id, heartbeats, error_count, frames_dropped, readings_refused, readings_given_up, position
)
select camera_id, 0, 0, 0, 0, 0, position
from camera_registered;

with heartbeats as materialized (
    -- only what is needed here, before anything is sorted
    select
        camera_id,
        position,
        recorded_at,
        observed_at,
        least(observed_at, recorded_at) as seen_at,
        frames_dropped,
        readings_refused,
        readings_given_up,
        status = 'error' or error_message is not null as is_error
    from heartbeat_recorded
),
totals as (
    select
        camera_id,
        max(position) as position,
        max(recorded_at) as heard_at,
        max(seen_at) as seen_at,
        max(seen_at) filter (where is_error) as error_seen_at,
        count(*) as heartbeats,
        count(*) filter (where is_error) as error_count,
        coalesce(sum(frames_dropped), 0)::bigint as frames_dropped,
        coalesce(sum(readings_refused), 0)::bigint as readings_refused,
        coalesce(sum(readings_given_up), 0)::bigint as readings_given_up
    from heartbeats
    group by camera_id
),
last_arrived as (
    select
        heartbeats.camera_id,
        round(1000 * extract(epoch from heartbeats.observed_at - heartbeats.recorded_at))::bigint as clock_offset_ms
    from heartbeats
    join totals using (camera_id, position)
),
latest as (
    select distinct on (heartbeats.camera_id) heartbeats.camera_id, said.*
    from heartbeats
    join totals using (camera_id, seen_at)
    cross join lateral (
        select
            heartbeats.seen_at, observed_at, status, response_time_ms, stream_quality_score, fps, decode_time_ms,
            inference_time_ms, cpu_usage, memory_usage, network_bandwidth,
            md5(
                row(
                    status, response_time_ms, stream_quality_score, fps, decode_time_ms, inference_time_ms, cpu_usage,
                    memory_usage, network_bandwidth)::text) as tie
        from heartbeat_recorded
        where heartbeat_recorded.position = heartbeats.position
    ) as said
    order by heartbeats.camera_id, said.observed_at desc, said.tie desc
),
latest_error as (
    select distinct on (heartbeats.camera_id)
        heartbeats.camera_id, heartbeats.seen_at, heartbeats.observed_at, said.error_message
    from heartbeats
    join totals on totals.camera_id = heartbeats.camera_id and totals.error_seen_at = heartbeats.seen_at
    cross join lateral (
        select error_message
        from heartbeat_recorded
        where heartbeat_recorded.position = heartbeats.position
    ) as said
    where is_error
    order by
        heartbeats.camera_id, heartbeats.observed_at desc, said.error_message collate "C" desc nulls last
)
update health_summary
set
    heartbeats = health_summary.heartbeats + totals.heartbeats,
    error_count = health_summary.error_count + totals.error_count,
    frames_dropped = health_summary.frames_dropped + totals.frames_dropped,
    readings_refused = health_summary.readings_refused + totals.readings_refused,
    readings_given_up = health_summary.readings_given_up + totals.readings_given_up,
    (
        last_seen_at, last_heartbeat, tie, status, response_time_ms, stream_quality_score, fps, decode_time_ms,
        inference_time_ms, cpu_usage, memory_usage, network_bandwidth
    ) = (
        select
            newest.seen_at, newest.observed_at, newest.tie, newest.status, newest.response_time_ms,
            newest.stream_quality_score, newest.fps, newest.decode_time_ms, newest.inference_time_ms, newest.cpu_usage,
            newest.memory_usage, newest.network_bandwidth
        from (
            select
                latest.seen_at, latest.observed_at, latest.tie, latest.status, latest.response_time_ms,
                latest.stream_quality_score, latest.fps, latest.decode_time_ms, latest.inference_time_ms,
                latest.cpu_usage, latest.memory_usage, latest.network_bandwidth
            union all
            select
                health_summary.last_seen_at, health_summary.last_heartbeat, health_summary.tie, health_summary.status,
                health_summary.response_time_ms, health_summary.stream_quality_score, health_summary.fps,
                health_summary.decode_time_ms, health_summary.inference_time_ms, health_summary.cpu_usage,
                health_summary.memory_usage, health_summary.network_bandwidth
        ) as newest
        order by newest.seen_at desc nulls last, newest.observed_at desc, newest.tie desc
        limit 1
    ),
    (last_error_seen_at, last_error_timestamp, last_error_message) = (
        select newest.seen_at, newest.observed_at, newest.error_message
        from (
            select latest_error.seen_at, latest_error.observed_at, latest_error.error_message
            union all
            select
                health_summary.last_error_seen_at, health_summary.last_error_timestamp,
                health_summary.last_error_message
        ) as newest
        order by
            newest.seen_at desc nulls last, newest.observed_at desc, newest.error_message collate "C" desc nulls last
        limit 1
    ),
    last_heard_at = greatest(health_summary.last_heard_at, totals.heard_at),
    clock_offset_ms = last_arrived.clock_offset_ms,
    position = totals.position
from totals
join last_arrived using (camera_id)
join latest using (camera_id)
left join latest_error using (camera_id)
where health_summary.camera_id = totals.camera_id;

delete from health_summary
using camera_removed
where health_summary.camera_id = camera_removed.camera_id;
