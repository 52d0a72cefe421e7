-- Keeps when cameras were meant to run and what heartbeats were observed, and computes again what was up of the five
-- minutes that either of them touches.
-- Inputs: camera_registered, camera_started, camera_restarted, camera_stopped, camera_removed, heartbeat_recorded

insert into camera_uptime (camera_id, up_ms)
select camera_id, 0
from camera_registered;

-- runs: of starts and stops those alone that change something
with orders as (
    select camera_id, position, recorded_at, true as is_meant from camera_started
    union all
    select camera_id, position, recorded_at, true from camera_restarted
    union all
    select camera_id, position, recorded_at, false from camera_stopped
    union all
    select camera_id, position, recorded_at, false from camera_removed
),
followed as (
    select
        *,
        coalesce(
            lag(is_meant) over (partition by camera_id order by position),
            exists (
                select from camera_runs where camera_runs.camera_id = orders.camera_id and camera_runs.ended_at is null
            )
        ) as was_meant
    from orders
),
changes as (
    select
        camera_id, position, recorded_at, is_meant,
        lead(recorded_at) over (partition by camera_id order by position) as next_at
    from followed
    where is_meant <> was_meant
)
insert into camera_runs (camera_id, began_position, began_at, ended_at)
select camera_id, position, recorded_at, next_at
from changes
where is_meant;

with stops as (
    select camera_id, position, recorded_at from camera_stopped
    union all
    select camera_id, position, recorded_at from camera_removed
)
update camera_runs
set ended_at = (
    select stops.recorded_at
    from stops
    where stops.camera_id = camera_runs.camera_id and stops.position > camera_runs.began_position
    order by stops.position
    limit 1
)
where ended_at is null
    and exists (
        select from stops where stops.camera_id = camera_runs.camera_id and stops.position > camera_runs.began_position
    );

insert into camera_coverage (camera_id, bucket_start, heartbeats, up)
select camera_id, bucket_start, array_agg(distinct heartbeat order by heartbeat), tstzmultirange()
from (
    select
        camera_id,
        date_bin('5 minutes', observed_at, timestamptz '0001-01-01 00:00:00+00') as bucket_start,
        (
            2 * (floor(extract(epoch from observed_at))::bigint % 300) + (status = 'online')::integer
        )::smallint as heartbeat
    from heartbeat_recorded
) as observed
group by camera_id, bucket_start
on conflict (camera_id, bucket_start) do update
set heartbeats = (
    select array_agg(distinct heartbeat order by heartbeat)
    from unnest(camera_coverage.heartbeats || excluded.heartbeats) as both_of_them (heartbeat)
);

-- coverage: a heartbeat lasts until the next one, which may be the first of the next bucket; of one second's, those that
-- do not say online count
with observed as (
    select distinct
        camera_id, date_bin('5 minutes', observed_at, timestamptz '0001-01-01 00:00:00+00') as bucket_start
    from heartbeat_recorded
),
orders as (
    select camera_id, min(recorded_at) as recorded_at
    from (
        select camera_id, recorded_at from camera_started
        union all
        select camera_id, recorded_at from camera_restarted
        union all
        select camera_id, recorded_at from camera_stopped
        union all
        select camera_id, recorded_at from camera_removed
    ) as each_order
    group by camera_id
),
touched as (
    select camera_id, bucket_start from observed
    union
    select camera_id, bucket_start - interval '5 minutes' from observed
    union
    select orders.camera_id, camera_coverage.bucket_start
    from orders
    join camera_coverage
        on camera_coverage.camera_id = orders.camera_id
        and camera_coverage.bucket_start > orders.recorded_at - interval '5 minutes' - heartbeat_vouching()
),
heartbeats as (
    select
        camera_id, bucket_start, bucket_start + (heartbeat / 2) * interval '1 second' as second_start,
        bool_and(heartbeat % 2 = 1) as is_online
    from touched
    join camera_coverage using (camera_id, bucket_start)
    cross join lateral unnest(camera_coverage.heartbeats) as each_heartbeat (heartbeat)
    group by camera_id, bucket_start, second_start
),
lasting as (
    select
        camera_id, bucket_start, second_start, is_online,
        coalesce(
            lead(second_start) over (partition by camera_id, bucket_start order by second_start),
            (
                select following.bucket_start + (following.heartbeats[1] / 2) * interval '1 second'
                from camera_coverage as following
                where following.camera_id = heartbeats.camera_id
                    and following.bucket_start = heartbeats.bucket_start + interval '5 minutes'
            )
        ) as next_start
    from heartbeats
),
online as (
    select
        camera_id, bucket_start,
        range_agg(tstzrange(second_start, least(second_start + heartbeat_vouching(), next_start)))
            filter (where is_online) as range
    from lasting
    group by camera_id, bucket_start
),
worked_out as (
    select
        online.camera_id, online.bucket_start,
        coalesce(
            online.range * (
                select range_agg(tstzrange(camera_runs.began_at, camera_runs.ended_at))
                from camera_runs
                where camera_runs.camera_id = online.camera_id
                    and camera_runs.began_at < upper(online.range)
                    and (camera_runs.ended_at is null or camera_runs.ended_at > lower(online.range))
            ),
            tstzmultirange()
        ) as up
    from online
),
changed as (
    select camera_id, bucket_start, worked_out.up, milliseconds(worked_out.up) - milliseconds(camera_coverage.up) as more
    from worked_out
    join camera_coverage using (camera_id, bucket_start)
    where worked_out.up <> camera_coverage.up
),
written as (
    update camera_coverage
    set up = changed.up
    from changed
    where camera_coverage.camera_id = changed.camera_id and camera_coverage.bucket_start = changed.bucket_start
)
update camera_uptime
set up_ms = camera_uptime.up_ms + sums.more
from (select camera_id, sum(more)::bigint as more from changed group by camera_id) as sums
where camera_uptime.camera_id = sums.camera_id and sums.more <> 0;
