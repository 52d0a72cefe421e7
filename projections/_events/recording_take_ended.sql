-- A recording was counted to its end, which lies at ended_at.
-- Event: RecordingTakeEnded 1
select
    position,
    version,
    recorded_at,
    metadata ->> 'actor' as actor,
    (data ->> 'camera_id')::bigint as camera_id,
    (data ->> 'take')::bigint as take,
    (data ->> 'ended_at')::timestamptz as ended_at
from batch
