-- A look at a camera's stream that somebody asked for; ok says whether a picture came, else reason says why not.
-- Event: StreamProbed 1, 2
select
    position,
    version,
    recorded_at,
    metadata ->> 'actor' as actor,
    (data ->> 'camera_id')::bigint as camera_id,
    (data ->> 'observed_at')::timestamptz as observed_at,
    (data ->> 'ok')::boolean as ok,
    data ->> 'codec' as codec,
    (data ->> 'width')::bigint as width,
    (data ->> 'height')::bigint as height,
    (data ->> 'fps')::double precision as fps,
    (data ->> 'duration_ms')::bigint as duration_ms,
    shown_stream_url(data ->> 'stream_url') as stream_url,
    (data ->> 'response_time_ms')::double precision as response_time_ms,
    data ->> 'reason' as reason,
    data ->> 'detail' as detail
from batch
