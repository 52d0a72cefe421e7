-- A camera was added: the first event of its stream, with all that describes and configures it.
create view camera_registered as
select
    position,
    version,
    recorded_at,
    metadata ->> 'actor' as actor,
    (data ->> 'camera_id')::bigint as camera_id,
    data ->> 'name' as name,
    data ->> 'location' as location,
    data ->> 'description' as description,
    data ->> 'stream_url' as stream_url,
    data ->> 'stream_credentials' as stream_credentials,
    data ->> 'stream_type' as stream_type,
    data -> 'settings' as settings,
    data -> 'metadata' as metadata,
    data -> 'lines' as lines,
    data ->> 'time_zone' as time_zone
from batch
where type = 'CameraRegistered';
