-- Adds each reading to the quarter hour in which it was observed, however late it arrived.
-- Corrections stand beside what was measured.
-- Inputs: count_reading_recorded, count_corrected, camera_occupancy_reset

insert into hourly_counts as counted (camera_id, line, class, bucket_start, count_in, count_out, readings)
select
    camera_id,
    coalesce(line, '') as line,
    class,
    -- an origin before every instant there is: date_bin is a plain division there
    date_bin('15 minutes', observed_at, timestamptz '0001-01-01 00:00:00+00') as bucket_start,
    sum(count_in)::bigint as count_in,
    sum(count_out)::bigint as count_out,
    count(*) as readings
from count_reading_recorded
group by camera_id, coalesce(line, ''), class, bucket_start
on conflict (camera_id, bucket_start, line, class) do update
set
    count_in = counted.count_in + excluded.count_in,
    count_out = counted.count_out + excluded.count_out,
    readings = counted.readings + excluded.readings;

insert into hourly_counts as counted (
    camera_id, line, class, bucket_start, count_in, count_out, readings, correction_in, correction_out
)
select
    count_corrected.camera_id,
    coalesce(count_corrected.line, '') as line,
    count_corrected.class,
    bucket.start as bucket_start,
    0 as count_in,
    0 as count_out,
    0 as readings,
    sum(bucket.delta_in)::bigint as correction_in,
    sum(bucket.delta_out)::bigint as correction_out
from count_corrected
cross join lateral jsonb_to_recordset(count_corrected.buckets)
    as bucket (start timestamptz, delta_in bigint, delta_out bigint)
group by count_corrected.camera_id, coalesce(count_corrected.line, ''), count_corrected.class, bucket.start
on conflict (camera_id, bucket_start, line, class) do update
set
    correction_in = counted.correction_in + excluded.correction_in,
    correction_out = counted.correction_out + excluded.correction_out;

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
