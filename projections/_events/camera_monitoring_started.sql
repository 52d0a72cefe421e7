-- The server was to check a camera now and then.
-- Event: CameraMonitoringStarted 1
select
    position,
    version,
    recorded_at,
    metadata ->> 'actor' as actor,
    (data ->> 'camera_id')::bigint as camera_id
from batch
