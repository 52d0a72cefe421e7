-- The camera as the API shows it.
-- Grain: one row per camera; a removed camera keeps its row, so that its address can be told from an unknown one.

create table camera_state (
    camera_id bigint primary key,
    name text not null,
    location text,
    description text,
    -- without user and password, and with /*** for a path and query that not everybody may see
    stream_url text not null,
    -- which of camera_secrets holds "user:password", which the path and query, and which the security configuration
    stream_credentials_id text,
    stream_path_id text,
    security_config_id text,
    -- "user:password" as an event of schema version 1 holds them in clear, until they are given again: a secret, for the
    -- worker only
    stream_credentials text,
    -- the path and query of events before schema version 3, likewise
    stream_path text,
    stream_type text not null,
    -- what the camera is by the last word on it, as in camera_heard; desired_state is what operators want it to be
    status text not null,
    desired_state text not null check (desired_state in ('running', 'stopped')),
    -- the worker it was last given to, and how many starts and restarts there were
    worker_id text,
    -- the last worker before that which was another one: what it counted until then is still to come
    previous_worker_id text,
    epoch bigint not null check (epoch >= 0),
    -- the take of a recording that it counts, or counted last, and of which recording that is
    take bigint,
    take_stream_url text,
    take_started_at timestamptz,
    -- since when the status is what it is; and when it was last started, moved, restarted or stopped
    status_since timestamptz not null,
    desired_state_since timestamptz not null,
    settings jsonb not null,
    -- JSON, with its numbers as they were written
    metadata text not null,
    lines jsonb not null,
    time_zone text not null,
    -- whether the server itself checks it now and then
    monitoring boolean not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    created_by text,
    updated_by text,
    -- of the last event of the camera's stream
    version bigint not null,
    position bigint not null,
    removed boolean not null
);

-- How many cameras there are, so that lists need not count them.
-- Grain: one row per status and desired state, over the cameras that are not removed.
create table camera_totals (
    status text not null,
    desired_state text not null,
    cameras bigint not null check (cameras >= 0),
    primary key (status, desired_state)
)
-- a row is written with every change of a camera
with (fillfactor = 50);

insert into camera_totals (status, desired_state, cameras)
select status, desired_state, 0
from unnest(array['online', 'offline', 'maintenance', 'error']) as statuses (status)
cross join unnest(array['running', 'stopped']) as desired_states (desired_state);

-- The last word on each camera's status. The status now follows from it and from the time: camera_status() says how.
-- Grain: one row per camera that is not removed.
create table camera_heard (
    camera_id bigint primary key,
    status text not null,
    -- since when all words say this
    status_since timestamptz not null,
    -- the status by the last word of the camera's own life, without what heartbeats say since
    set_status text not null,
    -- whether it takes heartbeats for the status to go on
    lapses boolean not null,
    -- when the last heartbeat arrived or, where that was later, when the camera was registered or started
    silent_since timestamptz not null,
    -- the half minute that this is in: it moves seldom enough to be indexed
    silence_slot timestamptz not null
        generated always as (date_bin('30 seconds', silent_since, timestamptz '0001-01-01 00:00:00+00')) stored,
    -- of the heartbeat that was seen last, of those that count since the last start, stop or set status: when it was seen
    -- and when it was observed, in microseconds since 1970, and how bad what it says is; null where there is none
    seen bigint[]
)
-- each heartbeat updates its row: room for the new version on the same page
with (fillfactor = 70);
