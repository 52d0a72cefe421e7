-- The audit trail: every event as an auditor reads it. One row an event; secrets are left out.
create view read.audit as
select
  position,
  stream,
  version,
  type,
  schema_version,
  data - 'stream_credentials' as data,
  metadata ->> 'actor' as actor,
  metadata ->> 'source' as source,
  (metadata ->> 'sequence')::bigint as sequence,
  metadata ->> 'correlation_id' as correlation_id,
  metadata ->> 'causation_id' as causation_id,
  case
    when type = 'CameraStatusChanged' and data ->> 'to' = 'error' then 'error'
    when type = 'HeartbeatRecorded' and data ->> 'status' = 'error' then 'error'
    when type in ('CameraRemoved', 'CameraStopped') then 'warning'
    else 'info'
  end as severity,
  recorded_at
from events;
