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
  actor,
  source,
  sequence,
  audit_severity(type, data) as severity,
  correlation_id,
  causation_id,
  recorded_at
from events;
