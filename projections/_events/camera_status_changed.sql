-- A camera's status went from one value to another.
create view camera_status_changed as
select
    position,
    version,
    recorded_at,
    metadata ->> 'actor' as actor,
    (data ->> 'camera_id')::bigint as camera_id,
    data ->> 'from' as "from",
    data ->> 'to' as "to",
    data ->> 'reason' as reason
from batch
where type = 'CameraStatusChanged' and schema_version in (1);
