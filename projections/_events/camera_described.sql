-- A camera's whole description was replaced: what is absent is no longer set. The metadata is a
-- text of JSON where jsonb would not keep its numbers as they were written.
-- Event: CameraDescribed 1, 2
select
    position,
    version,
    recorded_at,
    metadata ->> 'actor' as actor,
    (data ->> 'camera_id')::bigint as camera_id,
    data ->> 'name' as name,
    data ->> 'location' as location,
    data ->> 'description' as description,
    data -> 'metadata' as metadata,
    data ->> 'metadata_text' as metadata_text,
    data -> 'settings' as settings,
    data ->> 'time_zone' as time_zone
from batch
