-- Folds the camera's life: what was heard of it, its status, and then the rest at once.
-- Inputs: camera_registered, camera_described, camera_configured, camera_status_changed, camera_started,
-- camera_restarted, camera_stopped, camera_monitoring_started, camera_monitoring_stopped, camera_removed,
-- camera_erased, heartbeat_recorded, recording_take_began, recording_take_resumed, recording_take_ended

-- heard: every word on a camera's status, in the order in which they came. Those of its life say what holds until the
-- next word; a heartbeat is one where the camera is to run, or was never started by anybody, and is not in maintenance,
-- and where none that was seen later came since the last word of the camera's life.
with words as (
    select camera_id, position, recorded_at, 'registered' as word, 'offline' as status, null::bigint[] as seen
    from camera_registered
    union all
    select camera_id, position, recorded_at, 'started', 'offline', null from camera_started
    union all
    select camera_id, position, recorded_at, 'started', 'offline', null from camera_restarted
    union all
    select camera_id, position, recorded_at, 'stopped', 'offline', null from camera_stopped
    union all
    select camera_id, position, recorded_at, 'set', "to", null from camera_status_changed
    union all
    select
        camera_id, position, recorded_at, 'heard',
        case when status in ('online', 'error') then status else 'offline' end,
        array[
            (1000000 * extract(epoch from least(observed_at, recorded_at)))::bigint,
            (1000000 * extract(epoch from observed_at))::bigint,
            case status when 'error' then 2 when 'online' then 0 else 1 end
        ]
    from heartbeat_recorded
),
followed as (
    select
        *,
        -- the last order up to here, as its position and a digit: 0 registered, 1 started, 2 stopped
        max(10 * position + case word when 'registered' then 0 when 'started' then 1 when 'stopped' then 2 end)
            over earlier as last_order,
        max(position) filter (where word <> 'heard') over earlier as life_position,
        -- the last word of its life up to here, as its position and the digit of its status
        max(
            10 * position
            + case status when 'offline' then 0 when 'online' then 1 when 'maintenance' then 2 when 'error' then 3 end
        ) filter (where word <> 'heard') over earlier as last_life
    from words
    window earlier as (partition by camera_id order by position)
),
placed as (
    select
        followed.*,
        coalesce(
            last_order % 10,
            case when camera_state.desired_state = 'running' then 1 when camera_state.epoch = 0 then 0 else 2 end
        ) as order_digit,
        coalesce(last_life % 10 = 2, camera_state.status = 'maintenance') as is_in_maintenance
    from followed
    left join camera_state using (camera_id)
),
counted as (
    select *, word <> 'heard' or order_digit < 2 and not is_in_maintenance as counts
    from placed
),
ranked as (
    select
        counted.*,
        known.status as known_status,
        known.status_since as known_since,
        case when life_position is null then known.seen end as known_seen,
        max(counted.seen) filter (where counts) over (
            partition by counted.camera_id, life_position
            order by position
            rows between unbounded preceding and 1 preceding
        ) as seen_before
    from counted
    left join camera_heard as known using (camera_id)
),
decisive as (
    select
        *,
        word <> 'heard' or counts and seen >= coalesce(greatest(seen_before, known_seen), seen) as decides
    from ranked
),
compared as (
    select
        *,
        coalesce(lag(status) over (partition by camera_id order by position), known_status) as status_before
    from decisive
    where decides
),
decided as (
    select
        camera_id,
        (array_agg(status order by position desc))[1] as status,
        max(recorded_at) filter (where status is distinct from status_before) as changed_at
    from compared
    group by camera_id
),
summed as (
    select
        camera_id,
        (array_agg(order_digit order by position desc))[1] as order_digit,
        max(life_position) as life_position,
        max(last_life) as last_life,
        max(recorded_at) filter (where word in ('registered', 'started', 'heard')) as silent_since,
        max(known_status) as known_status,
        max(known_since) as known_since
    from decisive
    group by camera_id
),
latest as (
    select
        summed.camera_id,
        coalesce(decided.status, known_status) as status,
        coalesce(decided.changed_at, known_since) as status_since,
        (array['offline', 'online', 'maintenance', 'error'])[1 + last_life % 10] as set_status,
        order_digit,
        silent_since,
        (
            select max(greatest(decisive.seen, decisive.known_seen))
            from decisive
            where decisive.camera_id = summed.camera_id
                and decisive.counts
                and decisive.life_position is not distinct from summed.life_position
        ) as seen,
        life_position is not null as is_after_life_word
    from summed
    left join decided using (camera_id)
)
insert into camera_heard (camera_id, status, status_since, set_status, lapses, silent_since, seen)
select
    latest.camera_id, latest.status, latest.status_since, coalesce(latest.set_status, known.set_status),
    latest.status = 'online' and (
        order_digit = 1
        or order_digit = 0 and coalesce(latest.seen, case when not is_after_life_word then known.seen end) is not null
    ),
    greatest(latest.silent_since, known.silent_since),
    coalesce(latest.seen, case when not is_after_life_word then known.seen end)
from latest
left join camera_heard as known using (camera_id)
on conflict (camera_id) do update
set
    status = excluded.status,
    status_since = excluded.status_since,
    set_status = excluded.set_status,
    lapses = excluded.lapses,
    silent_since = excluded.silent_since,
    seen = excluded.seen;

-- status, with the totals
with concerned as (
    select camera_id from camera_status_changed
    union
    select camera_id from camera_started
    union
    select camera_id from camera_restarted
    union
    select camera_id from camera_stopped
    union
    select camera_id from heartbeat_recorded
),
changed as (
    select
        camera_id, camera_state.desired_state, camera_state.status as old_status, camera_heard.status,
        camera_heard.status_since
    from concerned
    join camera_state using (camera_id)
    join camera_heard using (camera_id)
    where (camera_state.status, camera_state.status_since) <> (camera_heard.status, camera_heard.status_since)
),
written as (
    update camera_state
    set status = changed.status, status_since = changed.status_since
    from changed
    where camera_state.camera_id = changed.camera_id
),
moved as (
    select status, desired_state, sum(cameras)::bigint as cameras
    from (
        select old_status as status, desired_state, -1 as cameras from changed
        union all
        select status, desired_state, 1 from changed
    ) as each_move
    group by status, desired_state
)
update camera_totals
set cameras = camera_totals.cameras + moved.cameras
from moved
where camera_totals.status = moved.status
    and camera_totals.desired_state = moved.desired_state
    and moved.cameras <> 0;

-- totals: what the range's cameras count as is taken off before they change, and added at the end
with concerned as (
    select camera_id from camera_status_changed
    union
    select camera_id from camera_started
    union
    select camera_id from camera_restarted
    union
    select camera_id from camera_stopped
    union
    select camera_id from camera_removed
),
counted as (
    select camera_state.status, camera_state.desired_state, count(*) as cameras
    from concerned
    join camera_state using (camera_id)
    where not camera_state.removed
    group by camera_state.status, camera_state.desired_state
)
update camera_totals
set cameras = camera_totals.cameras - counted.cameras
from counted
where camera_totals.status = counted.status and camera_totals.desired_state = counted.desired_state;

insert into camera_state (
    camera_id, name, location, description, stream_url, stream_credentials_id, stream_path_id, security_config_id,
    stream_credentials, stream_path, stream_type, status, desired_state,
    worker_id, epoch, settings, metadata, lines, time_zone, monitoring, status_since, desired_state_since, created_at,
    updated_at, created_by, updated_by, version, position, removed
)
select
    camera_id, name, location, description, stream_url, stream_credentials_id, stream_path_id, security_config_id,
    stream_credentials, stream_path, stream_type, camera_heard.status, 'stopped',
    null, 0, settings, coalesce(metadata_text, metadata::text), lines, time_zone, false, camera_heard.status_since,
    recorded_at, recorded_at, recorded_at, actor, actor, version, position, false
from camera_registered
join camera_heard using (camera_id);

-- The rest of its life, folded at once: of each group of columns the last event in the range. A stop or a removal
-- leaves worker and epoch as they were. An erasure comes with the removal or after it: nobody looks for secrets any
-- more. One that came later has a stream of its own, and moves no version.
with changes as (
    select
        camera_id, position, version, recorded_at, actor, 'described' as kind, null as worker_id, null::bigint as epoch
    from camera_described
    union all
    select camera_id, position, version, recorded_at, actor, 'configured', null, null from camera_configured
    union all
    select camera_id, position, version, recorded_at, actor, 'status', null, null from camera_status_changed
    union all
    select camera_id, position, version, recorded_at, actor, 'monitored', null, null from camera_monitoring_started
    union all
    select camera_id, position, version, recorded_at, actor, 'unmonitored', null, null from camera_monitoring_stopped
    union all
    select camera_id, position, version, recorded_at, actor, 'started', worker_id, epoch from camera_started
    union all
    select camera_id, position, version, recorded_at, actor, 'started', worker_id, epoch from camera_restarted
    union all
    select camera_id, position, version, recorded_at, actor, 'stopped', null, null from camera_stopped
    union all
    select camera_id, position, version, recorded_at, actor, 'take', null, null from recording_take_began
    union all
    select camera_id, position, version, recorded_at, actor, 'take', null, null from recording_take_resumed
    union all
    select camera_id, position, version, recorded_at, actor, 'take ended', null, null from recording_take_ended
    union all
    select camera_id, position, version, recorded_at, actor, 'removed', null, null from camera_removed
    union all
    select camera_id, position, version, recorded_at, actor, 'erased', null, null from camera_erased
),
latest as (
    select
        camera_id,
        max(position) as position,
        max(version) as version,
        max(recorded_at) as recorded_at,
        (array_agg(actor order by position desc))[1] as actor,
        max(position) filter (where kind = 'described') as described_position,
        max(position) filter (where kind = 'configured') as configured_position,
        max(position) filter (where kind = 'take') as take_position,
        (array_agg(kind = 'monitored' order by position desc) filter (where kind in ('monitored', 'unmonitored')))[1]
            as monitoring,
        (array_agg(kind order by position desc) filter (where kind in ('started', 'stopped', 'removed')))[1]
            as last_order,
        max(recorded_at) filter (where kind in ('started', 'stopped', 'removed')) as ordered_at,
        array_agg(worker_id order by position desc) filter (where kind = 'started') as workers,
        (array_agg(epoch order by position desc) filter (where kind = 'started'))[1] as epoch,
        bool_or(kind = 'removed') as removed,
        bool_or(kind = 'erased') as erased
    from changes
    group by camera_id
)
update camera_state
set
    (name, location, description, metadata, settings, time_zone) = (
        select name, location, description, coalesce(metadata_text, metadata::text), settings, time_zone
        from camera_described
        where position = described_position
        union all
        select
            camera_state.name, camera_state.location, camera_state.description, camera_state.metadata,
            camera_state.settings, camera_state.time_zone
        where described_position is null
    ),
    (stream_url, stream_type, lines) = (
        select stream_url, stream_type, lines
        from camera_configured
        where position = configured_position
        union all
        select camera_state.stream_url, camera_state.stream_type, camera_state.lines
        where configured_position is null
    ),
    (stream_credentials_id, stream_path_id, security_config_id, stream_credentials, stream_path) = (
        select stream_credentials_id, stream_path_id, security_config_id, stream_credentials, stream_path
        from camera_configured
        where position = configured_position and not erased
        union all
        select
            camera_state.stream_credentials_id, camera_state.stream_path_id, camera_state.security_config_id,
            camera_state.stream_credentials, camera_state.stream_path
        where configured_position is null and not erased
    ),
    monitoring = coalesce(latest.monitoring, camera_state.monitoring),
    desired_state = case
        when last_order is null then camera_state.desired_state
        when last_order = 'started' then 'running'
        else 'stopped' end,
    desired_state_since = coalesce(ordered_at, camera_state.desired_state_since),
    worker_id = coalesce(workers[1], camera_state.worker_id),
    previous_worker_id = coalesce(
        (
            select worker
            from unnest(workers) with ordinality as given (worker, place)
            where worker <> workers[1]
            order by place
            limit 1
        ),
        case when camera_state.worker_id <> workers[1] then camera_state.worker_id
             else camera_state.previous_worker_id end),
    epoch = coalesce(latest.epoch, camera_state.epoch),
    (take, take_stream_url, take_started_at) = (
        select take, stream_url, started_at from recording_take_began where position = take_position
        union all
        select take, stream_url, started_at from recording_take_resumed where position = take_position
        union all
        select camera_state.take, camera_state.take_stream_url, camera_state.take_started_at
        where take_position is null
    ),
    updated_at = latest.recorded_at,
    updated_by = latest.actor,
    version = greatest(camera_state.version, latest.version),
    position = latest.position,
    removed = camera_state.removed or latest.removed
from latest
where camera_state.camera_id = latest.camera_id;

delete from camera_heard
using camera_removed
where camera_heard.camera_id = camera_removed.camera_id;

with concerned as (
    select camera_id from camera_registered
    union
    select camera_id from camera_status_changed
    union
    select camera_id from camera_started
    union
    select camera_id from camera_restarted
    union
    select camera_id from camera_stopped
    union
    select camera_id from camera_removed
),
counted as (
    select camera_state.status, camera_state.desired_state, count(*) as cameras
    from concerned
    join camera_state using (camera_id)
    where not camera_state.removed
    group by camera_state.status, camera_state.desired_state
)
update camera_totals
set cameras = camera_totals.cameras + counted.cameras
from counted
where camera_totals.status = counted.status and camera_totals.desired_state = counted.desired_state;
