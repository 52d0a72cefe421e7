-- The camera goes back to a recording that it had counted in part; the take of then goes on.
-- Event: RecordingTakeResumed 1
select
    position,
    version,
    recorded_at,
    metadata ->> 'actor' as actor,
    (data ->> 'camera_id')::bigint as camera_id,
    (data ->> 'take')::bigint as take,
    data ->> 'stream_url' as stream_url,
    (data ->> 'started_at')::timestamptz as started_at
from batch
