-- Adds each reading to the quarter hour in which it was observed, however late it arrived.
-- Inputs: count_reading_recorded

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
from count_reading_recorded
group by camera_id, line, class, bucket_start
on conflict (camera_id, bucket_start, line, class) do update
set
    count_in = counted.count_in + excluded.count_in,
    count_out = counted.count_out + excluded.count_out,
    readings = counted.readings + excluded.readings;
