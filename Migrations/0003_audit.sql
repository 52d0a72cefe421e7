-- An instant as RFC 3339 in UTC: six digits of a second, or none where it is whole.
create function rfc3339(p_instant timestamptz) returns text language sql stable parallel safe as $$
  select to_char(
    p_instant at time zone 'UTC',
    case
      when date_trunc('second', p_instant) = p_instant then 'YYYY-MM-DD"T"HH24:MI:SS"Z"'
      else 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'
    end)
$$;

-- How much an auditor should mind an event.
create function audit_severity(p_type text, p_data jsonb) returns text language sql immutable parallel safe as $$
  select case
    when p_type = 'CameraStatusChanged' and p_data ->> 'to' = 'error' then 'error'
    when p_type = 'HeartbeatRecorded' and p_data ->> 'status' = 'error' then 'error'
    when p_type in ('CameraRemoved', 'CameraStopped', 'ProjectionEventSkipped') then 'warning'
    else 'info'
  end
$$;

-- The audit trail: every event as an auditor reads it. One row an event; secrets are left out.
-- Archived events are not among them: see archived_audit.
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
  audit_severity(type, data) as severity,
  metadata ->> 'correlation_id' as correlation_id,
  metadata ->> 'causation_id' as causation_id,
  recorded_at
from events;
