-- The server was no longer to check a camera.
create view camera_monitoring_stopped as
select
    position,
    version,
    recorded_at,
    metadata ->> 'actor' as actor,
    (data ->> 'camera_id')::bigint as camera_id
from batch
where type = 'CameraMonitoringStopped' and schema_version in (1);
