-- How cameras fared over time, by the heartbeats for them.
-- Grain: one row per camera and five minutes of UTC in which a heartbeat was observed; a removed camera's rows stay.
-- Sums are of whole numbers, which are the same in whatever order they are added: thousandths of what is measured.

create table camera_metrics (
    camera_id bigint not null,
    -- first instant of the five minutes
    bucket_start timestamptz not null,
    heartbeats bigint not null check (heartbeats > 0),
    -- heartbeats that say online; and those with status error or an error message
    online bigint not null check (online >= 0),
    errors bigint not null check (errors >= 0),
    frames_dropped bigint not null check (frames_dropped >= 0),
    -- of heartbeats that say the time, how many there are, their sum and the longest, in microseconds
    response_times bigint not null check (response_times >= 0),
    response_time_us_sum bigint not null check (response_time_us_sum >= 0),
    response_time_us_max bigint,
    -- frames per second, in thousandths
    fps_values bigint not null check (fps_values >= 0),
    fps_milli_sum bigint not null check (fps_milli_sum >= 0),
    fps_milli_min bigint,
    -- quality from 0 to 1, in thousandths
    quality_values bigint not null check (quality_values >= 0),
    quality_milli_sum bigint not null check (quality_milli_sum >= 0),
    primary key (camera_id, bucket_start)
)
-- the running five minutes are written with every heartbeat: room for the new versions on the same page
with (fillfactor = 85);
