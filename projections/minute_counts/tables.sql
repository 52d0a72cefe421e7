-- What crossed each line lately, minute by minute: as it was measured, for corrections are about quarter hours.
-- Grain: one row per camera, line, class and minute of UTC. A camera's rows reach back four days from its newest one, so
-- that the table stays small: at most some 6,000 rows per line and class.

create table minute_counts (
    camera_id bigint not null,
    line text not null,
    class text not null,
    -- first instant of the minute
    minute timestamptz not null,
    count_in bigint not null check (count_in >= 0),
    count_out bigint not null check (count_out >= 0),
    -- how many readings were added up
    readings bigint not null check (readings >= 0),
    primary key (camera_id, minute, line, class)
)
-- the running minute is updated with every range: room for the new versions on the same page
with (fillfactor = 85);

-- The newest minute in which anything was observed, replaced takes included: how far back rows reach does not hang on
-- what was replaced when.
-- Grain: one row per camera.
create table newest_minutes (
    camera_id bigint primary key,
    minute timestamptz not null
)
with (fillfactor = 50);

-- Takes of recordings that another one replaced: they do not count.
-- Grain: one row per camera and take.
create table replaced_takes (
    camera_id bigint not null,
    take bigint not null,
    primary key (camera_id, take)
);

-- What a take contributes to minute_counts, to be taken back when it is replaced.
-- Grain: one row per camera, take that counts, line, class and minute.
create table take_minutes (
    camera_id bigint not null,
    take bigint not null,
    line text not null,
    class text not null,
    minute timestamptz not null,
    count_in bigint not null,
    count_out bigint not null,
    readings bigint not null,
    primary key (camera_id, minute, take, line, class)
);
