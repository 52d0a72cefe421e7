-- A camera was taken away: the last event of its stream; its telemetry ends with it.
-- Event: CameraRemoved 1
select
    position,
    version,
    recorded_at,
    metadata ->> 'actor' as actor,
    (data ->> 'camera_id')::bigint as camera_id,
    data ->> 'reason' as reason
from batch
