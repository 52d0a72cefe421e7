-- An operator had a projection leave out, for good, an event at which it had stopped.
-- Event: ProjectionEventSkipped 1
select
    position,
    version,
    recorded_at,
    metadata ->> 'actor' as actor,
    data ->> 'projection' as projection,
    (data ->> 'skipped_position')::bigint as skipped_position,
    data ->> 'skipped_type' as skipped_type,
    data ->> 'skipped_stream' as skipped_stream,
    data ->> 'sql_state' as sql_state,
    data ->> 'error' as error,
    data ->> 'reason' as reason
from batch
