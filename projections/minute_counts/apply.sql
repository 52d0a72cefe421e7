-- Adds each reading to the minute in which it was observed, unless that lies more than four days before the camera's
-- newest one, or the reading is of a take that was replaced; first forgets the minutes that do. The newest minute is kept
-- apart, so what is kept does not hang on how events are split into ranges.
-- Inputs: count_reading_recorded, recording_take_began

with arrived as materialized (
    select
        camera_id,
        date_bin('1 minute', max(observed_at), timestamptz '0001-01-01 00:00:00+00') as minute
    from count_reading_recorded
    group by camera_id
)
insert into newest_minutes as newest (camera_id, minute)
select camera_id, minute
from arrived
on conflict (camera_id) do update
set minute = excluded.minute
where excluded.minute > newest.minute;

-- Only of cameras that the range has readings of. Materialized, or the range might be read for each row that it is held
-- against.
with heard as materialized (
    select distinct camera_id
    from count_reading_recorded
),
kept as materialized (
    select newest.camera_id, newest.minute - interval '4 days' as first_minute
    from heard
    join newest_minutes as newest using (camera_id)
),
forgotten as (
    delete from take_minutes
    using kept
    where take_minutes.camera_id = kept.camera_id
      and take_minutes.minute < kept.first_minute
)
delete from minute_counts
using kept
where minute_counts.camera_id = kept.camera_id
  and minute_counts.minute < kept.first_minute;

-- What the takes that are replaced had contributed before this range.
with taken_back as (
    delete from take_minutes
    using recording_take_began
    where take_minutes.camera_id = recording_take_began.camera_id
      and take_minutes.take = recording_take_began.replaces
    returning
        take_minutes.camera_id, take_minutes.line, take_minutes.class, take_minutes.minute, take_minutes.count_in,
        take_minutes.count_out, take_minutes.readings
),
sums as (
    select
        camera_id,
        line,
        class,
        minute,
        sum(count_in)::bigint as count_in,
        sum(count_out)::bigint as count_out,
        sum(readings)::bigint as readings
    from taken_back
    group by camera_id, line, class, minute
)
update minute_counts
set
    count_in = minute_counts.count_in - sums.count_in,
    count_out = minute_counts.count_out - sums.count_out,
    readings = minute_counts.readings - sums.readings
from sums
where minute_counts.camera_id = sums.camera_id
  and minute_counts.minute = sums.minute
  and minute_counts.line = sums.line
  and minute_counts.class = sums.class;

insert into replaced_takes (camera_id, take)
select camera_id, replaces
from recording_take_began
where replaces is not null;

-- Added up before anything is joined: the newest minutes are looked for among far fewer rows than were read, and by the
-- primary key, whatever the planner thinks of a range's size.
with arrived as materialized (
    select
        camera_id,
        take,
        coalesce(line, '') as line,
        class,
        date_bin('1 minute', observed_at, timestamptz '0001-01-01 00:00:00+00') as minute,
        sum(count_in)::bigint as count_in,
        sum(count_out)::bigint as count_out,
        count(*) as readings
    from count_reading_recorded
    group by 1, 2, 3, 4, 5
),
countable as materialized (
    select arrived.*
    from arrived
    join newest_minutes as newest using (camera_id)
    where arrived.minute >= newest.minute - interval '4 days'
      and not exists (
          select
          from replaced_takes as replaced
          where replaced.camera_id = arrived.camera_id and replaced.take = arrived.take
      )
),
contributed as (
    insert into take_minutes as counted (camera_id, take, line, class, minute, count_in, count_out, readings)
    select camera_id, take, line, class, minute, count_in, count_out, readings
    from countable
    where take is not null
    on conflict (camera_id, minute, take, line, class) do update
    set
        count_in = counted.count_in + excluded.count_in,
        count_out = counted.count_out + excluded.count_out,
        readings = counted.readings + excluded.readings
)
insert into minute_counts as counted (camera_id, line, class, minute, count_in, count_out, readings)
select
    camera_id,
    line,
    class,
    minute,
    sum(count_in)::bigint as count_in,
    sum(count_out)::bigint as count_out,
    sum(readings)::bigint as readings
from countable
group by camera_id, line, class, minute
on conflict (camera_id, minute, line, class) do update
set
    count_in = counted.count_in + excluded.count_in,
    count_out = counted.count_out + excluded.count_out,
    readings = counted.readings + excluded.readings;

-- Rows that nothing contributes to any more.
delete from minute_counts
using recording_take_began
where minute_counts.camera_id = recording_take_began.camera_id
  and minute_counts.readings = 0;
