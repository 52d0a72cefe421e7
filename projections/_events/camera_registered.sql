-- A camera was added: the first event of its stream, with all that describes and configures it. Secrets are referred to
-- by their ids; schema version 1 had the credentials of the stream's URL in clear, and those before 4 what follows its
-- host. The metadata is a text of JSON where jsonb would not keep its numbers as they were written.
-- Event: CameraRegistered 1, 2, 3, 4
select
    position,
    version,
    recorded_at,
    metadata ->> 'actor' as actor,
    (data ->> 'camera_id')::bigint as camera_id,
    data ->> 'name' as name,
    data ->> 'location' as location,
    data ->> 'description' as description,
    shown_stream_url(data ->> 'stream_url') as stream_url,
    hidden_stream_path(data ->> 'stream_url') as stream_path,
    data ->> 'stream_path_id' as stream_path_id,
    data ->> 'stream_credentials' as stream_credentials,
    data ->> 'stream_credentials_id' as stream_credentials_id,
    data ->> 'security_config_id' as security_config_id,
    data ->> 'stream_type' as stream_type,
    data -> 'settings' as settings,
    data -> 'metadata' as metadata,
    data ->> 'metadata_text' as metadata_text,
    data -> 'lines' as lines,
    data ->> 'time_zone' as time_zone
from batch
