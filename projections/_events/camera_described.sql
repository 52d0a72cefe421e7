-- A camera's whole description was replaced: what is absent is no longer set.
-- Event: CameraDescribed 1
select
    position,
    version,
    recorded_at,
    metadata ->> 'actor' as actor,
    (data ->> 'camera_id')::bigint as camera_id,
    data ->> 'name' as name,
    data ->> 'location' as location,
    data ->> 'description' as description,
    data -> 'metadata' as metadata,
    data -> 'settings' as settings,
    data ->> 'time_zone' as time_zone
from batch
