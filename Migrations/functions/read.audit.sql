-- The audit trail: every event as an auditor reads it. One row an event; secrets are left out.
-- Archived events are not among them: see archived_audit.
-- Needs: shown_data, audit_severity
create or replace view read.audit as
select
  position,
  stream,
  version,
  type,
  schema_version,
  shown_data(data) as data,
  metadata ->> 'actor' as actor,
  metadata ->> 'source' as source,
  (metadata ->> 'sequence')::bigint as sequence,
  audit_severity(type, data) as severity,
  metadata ->> 'correlation_id' as correlation_id,
  metadata ->> 'causation_id' as causation_id,
  recorded_at
from events;
