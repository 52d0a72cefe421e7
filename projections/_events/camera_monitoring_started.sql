-- The server was to check a camera now and then.
create view camera_monitoring_started as
select
    position,
    version,
    recorded_at,
    metadata ->> 'actor' as actor,
    (data ->> 'camera_id')::bigint as camera_id
from batch
where type = 'CameraMonitoringStarted' and schema_version in (1);
