-- The health of a camera, by the heartbeats for it.
-- Grain: one row per camera that is not removed, from its registration on.
-- "Latest" is the heartbeat that was seen last: by the worker's clock, and one from a clock that ran ahead by its arrival;
-- of several of one instant the one with the greater tie. What it left out is null. So the rows do not depend on the order
-- in which heartbeats arrive, but for the three columns that are about arrival.

create table health_summary (
    camera_id bigint primary key,
    -- of the latest heartbeat: when it was seen, and observed_at, the worker's clock
    last_seen_at timestamptz,
    last_heartbeat timestamptz,
    tie text,
    -- of the latest heartbeat; null before the first
    status text,
    heartbeats bigint not null check (heartbeats >= 0),
    -- heartbeats with status 'error' or an error message, and the one of them that was seen last
    error_count bigint not null check (error_count >= 0),
    last_error_message text,
    last_error_seen_at timestamptz,
    last_error_timestamp timestamptz,
    -- of the latest heartbeat; score 0 to 1, cpu and memory in percent, bandwidth in Mbit/s
    response_time_ms double precision,
    stream_quality_score double precision,
    fps double precision,
    decode_time_ms double precision,
    inference_time_ms double precision,
    cpu_usage double precision,
    memory_usage double precision,
    network_bandwidth double precision,
    -- over all heartbeats
    frames_dropped bigint not null check (frames_dropped >= 0),
    -- over all heartbeats: readings that the server refused, and that the worker could not hand over in time
    readings_refused bigint not null check (readings_refused >= 0),
    readings_given_up bigint not null check (readings_given_up >= 0),
    -- about arrival: when a heartbeat arrived last, by how much its clock was ahead of the server's (negative: behind, or
    -- it was long on its way), and the last event that changed the row
    last_heard_at timestamptz,
    clock_offset_ms bigint,
    position bigint not null
)
-- each heartbeat updates its row: room for the new version on the same page
with (fillfactor = 70);
