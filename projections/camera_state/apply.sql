-- Folds the camera's life: each statement sets one group of columns from the group's last event in the range.
-- The groups are independent of each other. Their order is not that of the events, so every statement moves
-- version, position and the traces of the last change forward only.
-- Inputs: camera_registered, camera_described, camera_configured, camera_status_changed, camera_started,
-- camera_restarted, camera_stopped, camera_monitoring_started, camera_monitoring_stopped, camera_removed,
-- camera_erased

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
    camera_id, name, location, description, stream_url, stream_credentials_id, security_config_id,
    stream_credentials, stream_type, status, desired_state,
    worker_id, epoch, settings, metadata, lines, time_zone, monitoring, status_since, desired_state_since, created_at,
    updated_at, created_by, updated_by, version, position, removed
)
select
    camera_id, name, location, description, stream_url, stream_credentials_id, security_config_id,
    stream_credentials, stream_type, 'offline', 'stopped',
    null, 0, settings, metadata, lines, time_zone, false, recorded_at, recorded_at, recorded_at,
    recorded_at, actor, actor, version, position, false
from camera_registered;

-- description
with latest as (
    select distinct on (camera_id)
        camera_id, position, version, recorded_at, actor,
        name, location, description, metadata, settings, time_zone
    from camera_described
    order by camera_id, position desc
)
update camera_state
set
    name = latest.name,
    location = latest.location,
    description = latest.description,
    metadata = latest.metadata,
    settings = latest.settings,
    time_zone = latest.time_zone,
    updated_at = greatest(camera_state.updated_at, latest.recorded_at),
    updated_by = case when latest.position > camera_state.position then latest.actor else camera_state.updated_by end,
    version = greatest(camera_state.version, latest.version),
    position = greatest(camera_state.position, latest.position)
from latest
where camera_state.camera_id = latest.camera_id;

-- stream and lines
with latest as (
    select distinct on (camera_id)
        camera_id, position, version, recorded_at, actor,
        stream_url, stream_credentials_id, security_config_id, stream_credentials, stream_type, lines
    from camera_configured
    order by camera_id, position desc
)
update camera_state
set
    stream_url = latest.stream_url,
    stream_credentials_id = latest.stream_credentials_id,
    security_config_id = latest.security_config_id,
    stream_credentials = latest.stream_credentials,
    stream_type = latest.stream_type,
    lines = latest.lines,
    updated_at = greatest(camera_state.updated_at, latest.recorded_at),
    updated_by = case when latest.position > camera_state.position then latest.actor else camera_state.updated_by end,
    version = greatest(camera_state.version, latest.version),
    position = greatest(camera_state.position, latest.position)
from latest
where camera_state.camera_id = latest.camera_id;

-- status
with latest as (
    select distinct on (camera_id)
        camera_id, position, version, recorded_at, actor,
        "to" as status
    from camera_status_changed
    order by camera_id, position desc
)
update camera_state
set
    status = latest.status,
    status_since = latest.recorded_at,
    updated_at = greatest(camera_state.updated_at, latest.recorded_at),
    updated_by = case when latest.position > camera_state.position then latest.actor else camera_state.updated_by end,
    version = greatest(camera_state.version, latest.version),
    position = greatest(camera_state.position, latest.position)
from latest
where camera_state.camera_id = latest.camera_id;

-- monitoring
with changes as (
    select camera_id, position, version, recorded_at, actor, true as monitoring
    from camera_monitoring_started
    union all
    select camera_id, position, version, recorded_at, actor, false
    from camera_monitoring_stopped
),
latest as (
    select distinct on (camera_id) camera_id, position, version, recorded_at, actor, monitoring
    from changes
    order by camera_id, position desc
)
update camera_state
set
    monitoring = latest.monitoring,
    updated_at = greatest(camera_state.updated_at, latest.recorded_at),
    updated_by = case when latest.position > camera_state.position then latest.actor else camera_state.updated_by end,
    version = greatest(camera_state.version, latest.version),
    position = greatest(camera_state.position, latest.position)
from latest
where camera_state.camera_id = latest.camera_id;

-- desired state and assignment: a stop or a removal leaves worker and epoch as they were
with changes as (
    select camera_id, position, version, recorded_at, actor, 'running' as desired_state, worker_id, epoch
    from camera_started
    union all
    select camera_id, position, version, recorded_at, actor, 'running', worker_id, epoch
    from camera_restarted
    union all
    select camera_id, position, version, recorded_at, actor, 'stopped', null, null
    from camera_stopped
    union all
    select camera_id, position, version, recorded_at, actor, 'stopped', null, null
    from camera_removed
),
given as (
    select
        camera_id, position, worker_id,
        first_value(worker_id) over (partition by camera_id order by position desc) as latest_worker_id
    from changes
    where epoch is not null
),
earlier as (
    select distinct on (camera_id) camera_id, worker_id
    from given
    where worker_id <> latest_worker_id
    order by camera_id, position desc
),
latest as (
    select
        camera_id,
        max(position) as position,
        max(version) as version,
        max(recorded_at) as recorded_at,
        (array_agg(actor order by position desc))[1] as actor,
        (array_agg(desired_state order by position desc))[1] as desired_state,
        (array_agg(worker_id order by position desc) filter (where epoch is not null))[1] as worker_id,
        (array_agg(epoch order by position desc) filter (where epoch is not null))[1] as epoch
    from changes
    group by camera_id
)
update camera_state
set
    desired_state = latest.desired_state,
    desired_state_since = latest.recorded_at,
    worker_id = coalesce(latest.worker_id, camera_state.worker_id),
    previous_worker_id = coalesce(
        (select earlier.worker_id from earlier where earlier.camera_id = latest.camera_id),
        case when camera_state.worker_id <> latest.worker_id then camera_state.worker_id
             else camera_state.previous_worker_id end),
    epoch = coalesce(latest.epoch, camera_state.epoch),
    updated_at = greatest(camera_state.updated_at, latest.recorded_at),
    updated_by = case when latest.position > camera_state.position then latest.actor else camera_state.updated_by end,
    version = greatest(camera_state.version, latest.version),
    position = greatest(camera_state.position, latest.position)
from latest
where camera_state.camera_id = latest.camera_id;

-- removal: the statement above moved the rest
update camera_state
set removed = true
from camera_removed
where camera_state.camera_id = camera_removed.camera_id;

-- erasure, with the removal or after it: nobody looks for secrets any more. In the camera's own stream it is the last
-- event; one that came later has a stream of its own, and moves no version.
update camera_state
set
    stream_credentials_id = null,
    security_config_id = null,
    stream_credentials = null,
    updated_at = greatest(camera_state.updated_at, camera_erased.recorded_at),
    updated_by = case
        when camera_erased.position > camera_state.position then camera_erased.actor
        else camera_state.updated_by end,
    version = greatest(camera_state.version, camera_erased.version),
    position = greatest(camera_state.position, camera_erased.position)
from camera_erased
where camera_state.camera_id = camera_erased.camera_id;

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
