-- An administrator ended tokens before they expire: one by its id, or those of a subject, or all, that were issued at an
-- instant or before.
create view tokens_revoked as
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
where type = 'TokensRevoked' and schema_version in (1);
