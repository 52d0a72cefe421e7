-- Fills the columns that say which event it is, from the event and from the ProjectionEventSkipped before it.
create or replace function describe_skip() returns trigger language plpgsql as $$
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

create or replace trigger describe_skip before insert or update on projection_skips
for each row execute function describe_skip();
