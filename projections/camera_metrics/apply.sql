-- Adds each heartbeat to the five minutes in which it was observed, however late it arrived.
-- Inputs: heartbeat_recorded

insert into camera_metrics as known (
    camera_id, bucket_start, heartbeats, online, errors, frames_dropped,
    response_times, response_time_us_sum, response_time_us_max,
    fps_values, fps_milli_sum, fps_milli_min, quality_values, quality_milli_sum
)
select
    camera_id,
    date_bin('5 minutes', observed_at, timestamptz '0001-01-01 00:00:00+00') as bucket_start,
    count(*) as heartbeats,
    count(*) filter (where status = 'online') as online,
    count(*) filter (where status = 'error' or error_message is not null) as errors,
    coalesce(sum(frames_dropped), 0)::bigint as frames_dropped,
    count(response_time_ms) as response_times,
    coalesce(sum(round(response_time_ms * 1000)::bigint), 0)::bigint as response_time_us_sum,
    max(round(response_time_ms * 1000)::bigint) as response_time_us_max,
    count(fps) as fps_values,
    coalesce(sum(round(fps * 1000)::bigint), 0)::bigint as fps_milli_sum,
    min(round(fps * 1000)::bigint) as fps_milli_min,
    count(stream_quality_score) as quality_values,
    coalesce(sum(round(stream_quality_score * 1000)::bigint), 0)::bigint as quality_milli_sum
from heartbeat_recorded
group by camera_id, bucket_start
on conflict (camera_id, bucket_start) do update
set
    heartbeats = known.heartbeats + excluded.heartbeats,
    online = known.online + excluded.online,
    errors = known.errors + excluded.errors,
    frames_dropped = known.frames_dropped + excluded.frames_dropped,
    response_times = known.response_times + excluded.response_times,
    response_time_us_sum = known.response_time_us_sum + excluded.response_time_us_sum,
    response_time_us_max = greatest(known.response_time_us_max, excluded.response_time_us_max),
    fps_values = known.fps_values + excluded.fps_values,
    fps_milli_sum = known.fps_milli_sum + excluded.fps_milli_sum,
    fps_milli_min = least(known.fps_milli_min, excluded.fps_milli_min),
    quality_values = known.quality_values + excluded.quality_values,
    quality_milli_sum = known.quality_milli_sum + excluded.quality_milli_sum;
