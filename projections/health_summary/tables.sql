-- How a camera fares, by the heartbeats for it.
-- Grain: one row per camera that is not removed, from its registration on.
-- "Latest" is the heartbeat observed last (of several, the one recorded last); what it left out is null.

create table health_summary (
    camera_id bigint primary key,
    -- of the latest heartbeat, 'offline' before the first
    status text not null,
    -- earliest and latest observed_at, the worker's clock
    first_heartbeat timestamptz,
    last_heartbeat timestamptz,
    -- milliseconds known to be online, see apply.sql
    up_ms bigint not null check (up_ms >= 0),
    heartbeats bigint not null check (heartbeats >= 0),
    -- heartbeats with status 'error' or an error message, and the one of them that was observed last
    error_count bigint not null check (error_count >= 0),
    last_error_message text,
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
    -- of the last event that changed the row
    position bigint not null
)
-- each heartbeat updates its row: room for the new version on the same page
with (fillfactor = 70);
