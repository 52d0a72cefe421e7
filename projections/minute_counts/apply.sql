-- Adds each reading to the minute in which it was observed, unless that lies more than four days before the camera's
-- newest one; first forgets the minutes that do. The newest one is never forgotten, so what is kept does not hang on how
-- events are split into ranges.
-- Inputs: count_reading_recorded

-- Only where a camera comes to a newer minute. Materialized, or the range might be read anew for each row that it is held
-- against.
with arrived as materialized (
    select
        camera_id,
        date_bin('1 minute', max(observed_at), timestamptz '0001-01-01 00:00:00+00') as minute
    from count_reading_recorded
    group by camera_id
),
moved as materialized (
    select camera_id, minute
    from arrived
    where minute > (select max(kept.minute) from minute_counts as kept where kept.camera_id = arrived.camera_id)
)
delete from minute_counts
using moved
where minute_counts.camera_id = moved.camera_id
  and minute_counts.minute < moved.minute - interval '4 days';

-- Added up before anything is joined: the newest minutes are looked for among far fewer rows than were read, and by the
-- primary key, whatever the planner thinks of a range's size.
with arrived as (
    select
        camera_id,
        coalesce(line, '') as line,
        class,
        date_bin('1 minute', observed_at, timestamptz '0001-01-01 00:00:00+00') as minute,
        sum(count_in)::bigint as count_in,
        sum(count_out)::bigint as count_out,
        count(*) as readings
    from count_reading_recorded
    group by 1, 2, 3, 4
),
dated as (
    select
        camera_id, line, class, minute, count_in, count_out, readings,
        greatest(
            max(minute) over (partition by camera_id),
            (select max(kept.minute) from minute_counts as kept where kept.camera_id = arrived.camera_id)
        ) as newest_minute
    from arrived
)
insert into minute_counts as counted (camera_id, line, class, minute, count_in, count_out, readings)
select camera_id, line, class, minute, count_in, count_out, readings
from dated
where minute >= newest_minute - interval '4 days'
on conflict (camera_id, minute, line, class) do update
set
    count_in = counted.count_in + excluded.count_in,
    count_out = counted.count_out + excluded.count_out,
    readings = counted.readings + excluded.readings;
