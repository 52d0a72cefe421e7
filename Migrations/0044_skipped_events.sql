-- Which event a skip leaves out, so that answers that lack it can say so without a look into the log or its archive.

alter table projection_skips
  add column stream text,
  add column type text,
  -- When the event says that it happened; null where it does not say so in a readable way.
  add column observed_at timestamptz;

-- An instant as text from outside; null where it is none.
create function readable_instant(p_text text) returns timestamptz language plpgsql stable as $$
begin
  return p_text::timestamptz;
exception when data_exception then
  return null;
end
$$;

-- Fills the columns that say which event it is, from the event and from the ProjectionEventSkipped before it.
create function describe_skip() returns trigger language plpgsql as $$
begin
  select data ->> 'skipped_stream', data ->> 'skipped_type'
  into new.stream, new.type
  from events
  where position = new.skipped_by;
  select readable_instant(data ->> 'observed_at')
  into new.observed_at
  from events
  where position = new.position;
  return new;
end
$$;

create trigger describe_skip before insert or update on projection_skips
for each row execute function describe_skip();

-- Those that were skipped before.
update projection_skips set skipped_by = skipped_by;

-- Events that a projection leaves out, one row each.
create view read.skips as
select projection, position, stream, type, observed_at, skipped_by
from projection_skips;
