-- A removed camera's key was destroyed: what it protected is gone for good.
-- Event: CameraErased 1
select
    position,
    version,
    recorded_at,
    metadata ->> 'actor' as actor,
    (data ->> 'camera_id')::bigint as camera_id
from batch
