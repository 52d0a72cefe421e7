-- A worker's sign of life for a camera; observed_at is the worker's clock and may come late or twice.
-- Event: HeartbeatRecorded 1
select
    position,
    version,
    recorded_at,
    metadata ->> 'actor' as actor,
    (data ->> 'camera_id')::bigint as camera_id,
    (data ->> 'observed_at')::timestamptz as observed_at,
    data ->> 'status' as status,
    (data ->> 'response_time_ms')::double precision as response_time_ms,
    (data ->> 'stream_quality_score')::double precision as stream_quality_score,
    (data ->> 'fps')::double precision as fps,
    (data ->> 'frames_dropped')::bigint as frames_dropped,
    (data ->> 'readings_refused')::bigint as readings_refused,
    (data ->> 'readings_given_up')::bigint as readings_given_up,
    (data ->> 'decode_time_ms')::double precision as decode_time_ms,
    (data ->> 'inference_time_ms')::double precision as inference_time_ms,
    (data ->> 'cpu_usage')::double precision as cpu_usage,
    (data ->> 'memory_usage')::double precision as memory_usage,
    (data ->> 'network_bandwidth')::double precision as network_bandwidth,
    data ->> 'error_message' as error_message
from batch
