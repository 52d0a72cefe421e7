-- What crossed each line, in both directions: what was measured, and what operators corrected, apart.
-- Grain: one row per camera, line, class and quarter hour of UTC, so that hours and days are right in every time zone.
-- A removed camera's rows stay.

create table hourly_counts (
    camera_id bigint not null,
    line text not null,
    class text not null,
    -- first instant of the quarter hour; it ends before bucket_start + 15 minutes
    bucket_start timestamptz not null,
    -- what readings say
    count_in bigint not null check (count_in >= 0),
    count_out bigint not null check (count_out >= 0),
    -- how many readings were added up
    readings bigint not null check (readings >= 0),
    -- what corrections add to that; below 0 they take off, never more than there is
    correction_in bigint not null default 0,
    correction_out bigint not null default 0,
    -- how many corrections touch it
    corrections bigint not null default 0 check (corrections >= 0),
    -- in the order that a camera's history is read: a range of time, all its lines and classes
    primary key (camera_id, bucket_start, line, class)
)
-- the running quarter hour is updated with every range: room for the new versions on the same page
with (fillfactor = 85);

-- From when on occupancy is counted, and how many were inside then.
-- Grain: one row per camera and quarter hour at whose beginning operators reset it.

create table occupancy_resets (
    camera_id bigint not null,
    reset_at timestamptz not null,
    occupancy bigint not null check (occupancy >= 0),
    -- of the event
    position bigint not null,
    primary key (camera_id, reset_at)
);

-- What was counted of recordings. A take that another one replaced does not count: its readings are in no row above.
-- Grain: one row per camera and take.
create table recording_takes (
    camera_id bigint not null,
    take bigint not null,
    started_at timestamptz not null,
    -- of the recording, once it was counted to there
    ended_at timestamptz,
    -- the last quarter hour that a reading of it fell into
    last_bucket_start timestamptz,
    -- of the event that began the take in its place
    replaced_at bigint,
    primary key (camera_id, take)
);

-- What a take contributes to hourly_counts, to be taken back when it is replaced.
-- Grain: one row per camera, take that counts, line, class and quarter hour.
create table take_counts (
    camera_id bigint not null,
    take bigint not null,
    line text not null,
    class text not null,
    bucket_start timestamptz not null,
    count_in bigint not null,
    count_out bigint not null,
    readings bigint not null,
    primary key (camera_id, take, bucket_start, line, class)
);

-- What corrections contribute to hourly_counts. One that was decided on a take that was replaced later does not count.
-- Grain: one row per correction and quarter hour.
create table count_corrections (
    camera_id bigint not null,
    bucket_start timestamptz not null,
    -- of the event
    position bigint not null,
    line text not null,
    class text not null,
    delta_in bigint not null,
    delta_out bigint not null,
    primary key (camera_id, bucket_start, position)
);
