-- Events that a projection leaves out, one row each.
create or replace view read.skips as
select projection, position, stream, type, observed_at, skipped_by
from projection_skips;
