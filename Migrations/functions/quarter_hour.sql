-- The first instant of the quarter hour of UTC that holds an instant.
create or replace function quarter_hour(p_instant timestamptz) returns timestamptz language sql immutable parallel safe as $$
  select date_bin('15 minutes', p_instant, timestamptz '0001-01-01 00:00:00+00')
$$;
