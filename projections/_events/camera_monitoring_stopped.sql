-- The server was no longer to check a camera.
-- Event: CameraMonitoringStopped 1
select
    position,
    version,
    recorded_at,
    metadata ->> 'actor' as actor,
    (data ->> 'camera_id')::bigint as camera_id
from batch
