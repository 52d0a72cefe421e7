-- A camera was no longer to be watched.
create view camera_stopped as
select
    position,
    version,
    recorded_at,
    metadata ->> 'actor' as actor,
    (data ->> 'camera_id')::bigint as camera_id,
    data ->> 'reason' as reason
from batch
where type = 'CameraStopped' and schema_version in (1);
