-- A camera's stream and counting lines were replaced.
create view camera_configured as
select
    position,
    version,
    recorded_at,
    metadata ->> 'actor' as actor,
    (data ->> 'camera_id')::bigint as camera_id,
    data ->> 'stream_url' as stream_url,
    data ->> 'stream_credentials' as stream_credentials,
    data ->> 'stream_type' as stream_type,
    data -> 'lines' as lines
from batch
where type = 'CameraConfigured';
