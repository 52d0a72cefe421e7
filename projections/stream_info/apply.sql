-- Keeps the last look, and the last at which a picture came, by position: the looks at a camera come from servers, in the
-- order in which they were recorded.
-- Inputs: stream_probed, camera_removed

with latest as (
    select distinct on (camera_id) camera_id, observed_at, ok, reason, detail, response_time_ms
    from stream_probed
    order by camera_id, position desc
),
seen as (
    select distinct on (camera_id) camera_id, observed_at, codec, width, height, fps, duration_ms, stream_url
    from stream_probed
    where ok
    order by camera_id, position desc
)
insert into stream_info as known (
    camera_id, observed_at, ok, reason, detail, response_time_ms, seen_at, codec, width, height, fps, duration_ms,
    stream_url
)
select
    latest.camera_id, latest.observed_at, latest.ok, latest.reason, latest.detail, latest.response_time_ms,
    seen.observed_at, seen.codec, seen.width, seen.height, seen.fps, seen.duration_ms, seen.stream_url
from latest
left join seen using (camera_id)
on conflict (camera_id) do update
set
    observed_at = excluded.observed_at,
    ok = excluded.ok,
    reason = excluded.reason,
    detail = excluded.detail,
    response_time_ms = excluded.response_time_ms,
    seen_at = coalesce(excluded.seen_at, known.seen_at),
    codec = case when excluded.seen_at is null then known.codec else excluded.codec end,
    width = case when excluded.seen_at is null then known.width else excluded.width end,
    height = case when excluded.seen_at is null then known.height else excluded.height end,
    fps = case when excluded.seen_at is null then known.fps else excluded.fps end,
    duration_ms = case when excluded.seen_at is null then known.duration_ms else excluded.duration_ms end,
    stream_url = case when excluded.seen_at is null then known.stream_url else excluded.stream_url end;

delete from stream_info
using camera_removed
where stream_info.camera_id = camera_removed.camera_id;
