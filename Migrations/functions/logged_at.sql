-- When an event of a position and a recorded_at came, as far as the order of events goes: it never decreases with the
-- position.
create or replace function logged_at(p_position bigint, p_recorded_at timestamptz) returns timestamptz
language plpgsql stable as $$
begin
  return least(
    p_recorded_at,
    (select min(ended_at) from clock_jumps where p_position between first_position and last_position));
end
$$;
