-- The first quarter hour that begins at an instant or later.
create or replace function quarter_hour_from(p_instant timestamptz) returns timestamptz language sql immutable parallel safe as $$
  select date_bin(
    '15 minutes', p_instant + interval '14 minutes 59.999999 seconds', timestamptz '0001-01-01 00:00:00+00')
$$;
