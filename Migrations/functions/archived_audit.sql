-- The audit trail of the events that the transaction has loaded into archived_events: the columns of read.audit.
-- Needs: shown_data, audit_severity
create or replace view archived_audit as
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
from archived_events;
