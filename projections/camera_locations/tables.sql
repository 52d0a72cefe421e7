-- Where each camera hung, and since when: what it counts belongs to the place where it hung then.
-- Grain: one row per description of a camera (its registration, and each time it was described again), so that rows that
-- follow one another may say the same place. A removed camera's rows stay, as its counts do.

create table camera_locations (
    camera_id bigint not null,
    -- of the event; within a camera, since rises with it
    position bigint not null,
    -- when it was recorded that it hangs there
    since timestamptz not null,
    -- null where nobody says
    location text,
    primary key (camera_id, position)
);
