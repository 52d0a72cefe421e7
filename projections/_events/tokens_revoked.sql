-- An administrator ended tokens before they expire: one by its id, or those of a subject, or all, that were issued at an
-- instant or before.
-- Event: TokensRevoked 1
select
    position,
    version,
    recorded_at,
    metadata ->> 'actor' as actor,
    data ->> 'token_id' as token_id,
    data ->> 'subject' as subject,
    (data ->> 'issued_before')::timestamptz as issued_before,
    data ->> 'reason' as reason
from batch
