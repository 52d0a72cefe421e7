-- A recording is counted from its beginning; what the take that it replaces has counted does not count from here on.
-- Event: RecordingTakeBegan 1
select
    position,
    version,
    recorded_at,
    metadata ->> 'actor' as actor,
    (data ->> 'camera_id')::bigint as camera_id,
    (data ->> 'take')::bigint as take,
    data ->> 'stream_url' as stream_url,
    (data ->> 'started_at')::timestamptz as started_at,
    data -> 'lines' as lines,
    data ->> 'detector' as detector,
    (data ->> 'confidence')::double precision as confidence,
    data -> 'classes' as classes,
    (data ->> 'loop')::boolean as loop,
    (data ->> 'replaces')::bigint as replaces
from batch
