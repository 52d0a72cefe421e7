-- A camera's status went from one value to another.
-- Event: CameraStatusChanged 1
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
