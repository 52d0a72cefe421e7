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
