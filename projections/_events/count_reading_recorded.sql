-- What crossed one line of a camera in one class since the reading before; observed_at may come late or twice.
-- Frame data is encrypted (sealed_frame_data); schema version 1 had it in clear.
-- Event: CountReadingRecorded 1, 2, 3
select
    position,
    version,
    recorded_at,
    metadata ->> 'actor' as actor,
    (data ->> 'camera_id')::bigint as camera_id,
    (data ->> 'observed_at')::timestamptz as observed_at,
    data ->> 'line' as line,
    data ->> 'class' as class,
    (data ->> 'count_in')::bigint as count_in,
    (data ->> 'count_out')::bigint as count_out,
    (data ->> 'confidence_score')::double precision as confidence_score,
    (data ->> 'processing_time_ms')::double precision as processing_time_ms,
    data ->> 'ai_model_version' as ai_model_version,
    data -> 'frame_data' as frame_data,
    data -> 'sealed_frame_data' as sealed_frame_data,
    -- the take of a recording that it belongs to
    (data ->> 'take')::bigint as take
from batch
