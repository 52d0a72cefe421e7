-- Adds each reading to the quarter hour in which it was observed, however late it arrived, unless it is of a take that
-- was replaced. Corrections stand beside what was measured. A take that is replaced is taken back, with the corrections
-- that were decided on it: those before its replacement, from its first quarter hour to its last.
-- Inputs: count_reading_recorded, count_corrected, camera_occupancy_reset, recording_take_began, recording_take_ended

insert into recording_takes (camera_id, take, started_at)
select camera_id, take, started_at
from recording_take_began;

update recording_takes
set ended_at = recording_take_ended.ended_at
from recording_take_ended
where recording_takes.camera_id = recording_take_ended.camera_id
  and recording_takes.take = recording_take_ended.take;

-- What the takes that are replaced had contributed before this range.
with taken_back as (
    delete from take_counts
    using recording_take_began
    where take_counts.camera_id = recording_take_began.camera_id
      and take_counts.take = recording_take_began.replaces
    returning
        take_counts.camera_id, take_counts.line, take_counts.class, take_counts.bucket_start, take_counts.count_in,
        take_counts.count_out, take_counts.readings
),
sums as (
    select
        camera_id,
        line,
        class,
        bucket_start,
        sum(count_in)::bigint as count_in,
        sum(count_out)::bigint as count_out,
        sum(readings)::bigint as readings
    from taken_back
    group by camera_id, line, class, bucket_start
)
update hourly_counts
set
    count_in = hourly_counts.count_in - sums.count_in,
    count_out = hourly_counts.count_out - sums.count_out,
    readings = hourly_counts.readings - sums.readings
from sums
where hourly_counts.camera_id = sums.camera_id
  and hourly_counts.bucket_start = sums.bucket_start
  and hourly_counts.line = sums.line
  and hourly_counts.class = sums.class;

update recording_takes
set replaced_at = recording_take_began.position
from recording_take_began
where recording_takes.camera_id = recording_take_began.camera_id
  and recording_takes.take = recording_take_began.replaces;

with countable as (
    select
        reading.camera_id, coalesce(reading.line, '') as line, reading.class, reading.observed_at, reading.count_in, reading.count_out
    from count_reading_recorded as reading
    left join recording_takes as taken on taken.camera_id = reading.camera_id and taken.take = reading.take
    where taken.replaced_at is null
)
insert into hourly_counts as counted (camera_id, line, class, bucket_start, count_in, count_out, readings)
select
    camera_id,
    line,
    class,
    -- an origin before every instant there is: date_bin is a plain division there
    date_bin('15 minutes', observed_at, timestamptz '0001-01-01 00:00:00+00') as bucket_start,
    sum(count_in)::bigint as count_in,
    sum(count_out)::bigint as count_out,
    count(*) as readings
from countable
group by camera_id, line, class, bucket_start
on conflict (camera_id, bucket_start, line, class) do update
set
    count_in = counted.count_in + excluded.count_in,
    count_out = counted.count_out + excluded.count_out,
    readings = counted.readings + excluded.readings;

insert into take_counts as counted (
    camera_id, take, line, class, bucket_start, count_in, count_out, readings
)
select
    reading.camera_id,
    reading.take,
    coalesce(reading.line, '') as line,
    reading.class,
    date_bin('15 minutes', reading.observed_at, timestamptz '0001-01-01 00:00:00+00') as bucket_start,
    sum(reading.count_in)::bigint as count_in,
    sum(reading.count_out)::bigint as count_out,
    count(*) as readings
from count_reading_recorded as reading
join recording_takes as taken on taken.camera_id = reading.camera_id and taken.take = reading.take
where taken.replaced_at is null
group by reading.camera_id, reading.take, coalesce(reading.line, ''), reading.class, bucket_start
on conflict (camera_id, take, bucket_start, line, class) do update
set
    count_in = counted.count_in + excluded.count_in,
    count_out = counted.count_out + excluded.count_out,
    readings = counted.readings + excluded.readings;

insert into count_corrections (camera_id, bucket_start, position, line, class, delta_in, delta_out)
select
    count_corrected.camera_id,
    bucket.start as bucket_start,
    count_corrected.position,
    coalesce(count_corrected.line, '') as line,
    count_corrected.class,
    bucket.delta_in,
    bucket.delta_out
from count_corrected
cross join lateral jsonb_to_recordset(count_corrected.buckets)
    as bucket (start timestamptz, delta_in bigint, delta_out bigint);

with deltas as (
    select
        count_corrected.camera_id, coalesce(count_corrected.line, '') as line, count_corrected.class,
        bucket.start as bucket_start, bucket.delta_in, bucket.delta_out
    from count_corrected
    cross join lateral jsonb_to_recordset(count_corrected.buckets)
        as bucket (start timestamptz, delta_in bigint, delta_out bigint)
)
insert into hourly_counts as counted (
    camera_id, line, class, bucket_start, count_in, count_out, readings, correction_in, correction_out, corrections
)
select
    camera_id,
    line,
    class,
    bucket_start,
    0 as count_in,
    0 as count_out,
    0 as readings,
    sum(delta_in)::bigint as correction_in,
    sum(delta_out)::bigint as correction_out,
    count(*) as corrections
from deltas
group by camera_id, line, class, bucket_start
on conflict (camera_id, bucket_start, line, class) do update
set
    correction_in = counted.correction_in + excluded.correction_in,
    correction_out = counted.correction_out + excluded.correction_out,
    corrections = counted.corrections + excluded.corrections;

with replaced as (
    select
        began.camera_id,
        began.position,
        date_bin('15 minutes', taken.started_at, timestamptz '0001-01-01 00:00:00+00') as first_bucket_start,
        greatest(
            date_bin(
                '15 minutes', taken.ended_at - interval '1 microsecond', timestamptz '0001-01-01 00:00:00+00'),
            taken.last_bucket_start,
            (
                select
                    date_bin('15 minutes', max(reading.observed_at), timestamptz '0001-01-01 00:00:00+00')
                from count_reading_recorded as reading
                where reading.camera_id = began.camera_id
                  and reading.take = began.replaces
                  and reading.position < began.position
            )
        ) as last_bucket_start
    from recording_take_began as began
    join recording_takes as taken on taken.camera_id = began.camera_id and taken.take = began.replaces
),
taken_back as (
    delete from count_corrections
    using replaced
    where count_corrections.camera_id = replaced.camera_id
      and count_corrections.bucket_start between replaced.first_bucket_start and replaced.last_bucket_start
      and count_corrections.position < replaced.position
    returning
        count_corrections.camera_id, count_corrections.line, count_corrections.class, count_corrections.bucket_start,
        count_corrections.delta_in, count_corrections.delta_out
),
sums as (
    select
        camera_id,
        line,
        class,
        bucket_start,
        sum(delta_in)::bigint as delta_in,
        sum(delta_out)::bigint as delta_out,
        count(*) as corrections
    from taken_back
    group by camera_id, line, class, bucket_start
)
update hourly_counts
set
    correction_in = hourly_counts.correction_in - sums.delta_in,
    correction_out = hourly_counts.correction_out - sums.delta_out,
    corrections = hourly_counts.corrections - sums.corrections
from sums
where hourly_counts.camera_id = sums.camera_id
  and hourly_counts.bucket_start = sums.bucket_start
  and hourly_counts.line = sums.line
  and hourly_counts.class = sums.class;

with latest as (
    select
        camera_id,
        take,
        date_bin('15 minutes', max(observed_at), timestamptz '0001-01-01 00:00:00+00') as bucket_start
    from count_reading_recorded
    where take is not null
    group by camera_id, take
)
update recording_takes
set last_bucket_start = greatest(recording_takes.last_bucket_start, latest.bucket_start)
from latest
where recording_takes.camera_id = latest.camera_id
  and recording_takes.take = latest.take;

-- Rows that nothing contributes to any more.
delete from hourly_counts
using recording_take_began
where hourly_counts.camera_id = recording_take_began.camera_id
  and hourly_counts.readings = 0
  and hourly_counts.corrections = 0;

-- Of two resets at the same instant the one recorded last holds.
insert into occupancy_resets as known (camera_id, reset_at, occupancy, position)
select distinct on (camera_id, at)
    camera_id,
    at as reset_at,
    occupancy,
    position
from camera_occupancy_reset
order by camera_id, at, position desc
on conflict (camera_id, reset_at) do update
set
    occupancy = excluded.occupancy,
    position = excluded.position;
