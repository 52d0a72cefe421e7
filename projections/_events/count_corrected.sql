-- What was counted at a camera's line in one class was corrected by an operator; buckets holds what falls to each quarter
-- hour: start (its first instant), delta_in, delta_out.
-- Event: CountCorrected 1, 2
select
    position,
    version,
    recorded_at,
    metadata ->> 'actor' as actor,
    (data ->> 'camera_id')::bigint as camera_id,
    (data ->> 'from')::timestamptz as "from",
    (data ->> 'to')::timestamptz as "to",
    data ->> 'line' as line,
    data ->> 'class' as class,
    (data ->> 'delta_in')::bigint as delta_in,
    (data ->> 'delta_out')::bigint as delta_out,
    data ->> 'reason' as reason,
    data -> 'buckets' as buckets
from batch
