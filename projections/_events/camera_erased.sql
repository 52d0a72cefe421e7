-- A removed camera's key was destroyed: what it protected is gone for good.
create view camera_erased as
select
    position,
    version,
    recorded_at,
    metadata ->> 'actor' as actor,
    (data ->> 'camera_id')::bigint as camera_id
from batch
where type = 'CameraErased' and schema_version in (1);
