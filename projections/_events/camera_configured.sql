-- A camera's stream and counting lines were replaced. Secrets are referred to by their ids; schema version 1 had the
-- credentials of the stream's URL in clear, and 2 what follows its host.
-- Event: CameraConfigured 1, 2, 3
select
    position,
    version,
    recorded_at,
    metadata ->> 'actor' as actor,
    (data ->> 'camera_id')::bigint as camera_id,
    shown_stream_url(data ->> 'stream_url') as stream_url,
    hidden_stream_path(data ->> 'stream_url') as stream_path,
    data ->> 'stream_path_id' as stream_path_id,
    data ->> 'stream_credentials' as stream_credentials,
    data ->> 'stream_credentials_id' as stream_credentials_id,
    data ->> 'security_config_id' as security_config_id,
    data ->> 'stream_type' as stream_type,
    data -> 'lines' as lines
from batch
