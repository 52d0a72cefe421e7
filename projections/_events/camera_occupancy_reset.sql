-- An operator said how many are inside, from the first instant of a quarter hour on.
-- Event: CameraOccupancyReset 1
select
    position,
    version,
    recorded_at,
    metadata ->> 'actor' as actor,
    (data ->> 'camera_id')::bigint as camera_id,
    (data ->> 'at')::timestamptz as at,
    (data ->> 'occupancy')::bigint as occupancy,
    data ->> 'reason' as reason
from batch
