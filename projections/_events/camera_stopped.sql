-- A camera was no longer to be watched.
-- Event: CameraStopped 1
select
    position,
    version,
    recorded_at,
    metadata ->> 'actor' as actor,
    (data ->> 'camera_id')::bigint as camera_id,
    data ->> 'reason' as reason
from batch
