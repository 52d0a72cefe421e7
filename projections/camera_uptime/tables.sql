-- How long a camera was meant to run, and how much of that it was online.
-- Meant to run: from each start to the next stop or removal, by the log's clock; maintenance stops a camera.
-- Online: from an online heartbeat to the next heartbeat, for heartbeat_vouching() at most, by the worker's clock in whole
-- seconds. So the rows do not depend on the order in which heartbeats arrive.
-- Up is what was both. A removed camera's rows stay.

-- Grain: one row per camera.
create table camera_uptime (
    camera_id bigint primary key,
    -- milliseconds that were up, those after now included that a heartbeat vouches for already
    up_ms bigint not null check (up_ms >= 0)
)
-- each heartbeat updates its row: room for the new version on the same page
with (fillfactor = 70);

-- Grain: one row per start of a camera that did not run.
create table camera_runs (
    camera_id bigint not null,
    -- of the start
    began_position bigint not null,
    began_at timestamptz not null,
    -- null while it is meant to run
    ended_at timestamptz,
    primary key (camera_id, began_position)
);

-- Grain: one row per camera and five minutes of UTC in which a heartbeat was observed.
create table camera_coverage (
    camera_id bigint not null,
    -- first instant of the five minutes
    bucket_start timestamptz not null,
    -- the heartbeats, each as twice the second of the bucket, plus 1 where it says online; rising, each once
    heartbeats smallint[] not null,
    -- what of the heartbeats' online time was up: it may end after the bucket
    up tstzmultirange not null,
    primary key (camera_id, bucket_start)
)
with (fillfactor = 70);
