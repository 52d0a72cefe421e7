-- A worker was to watch a camera; epoch counts the camera's starts and restarts, from 1.
-- Event: CameraStarted 1
select
    position,
    version,
    recorded_at,
    metadata ->> 'actor' as actor,
    (data ->> 'camera_id')::bigint as camera_id,
    data ->> 'worker_id' as worker_id,
    (data ->> 'epoch')::bigint as epoch
from batch
