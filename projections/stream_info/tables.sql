-- What is known of a camera's stream by the last look at it.
-- Grain: one row per camera that was looked at and is not removed.

create table stream_info (
    camera_id bigint primary key,
    -- the server's clock
    observed_at timestamptz not null,
    ok boolean not null,
    -- why no picture came; null where one did
    reason text,
    detail text,
    response_time_ms double precision,
    -- of the last look at which a picture came, which may be an earlier one
    seen_at timestamptz,
    codec text,
    width bigint,
    height bigint,
    fps double precision,
    -- how long a file says that it is
    duration_ms bigint,
    -- what was looked at then, without credentials: the camera may have another by now
    stream_url text
);
