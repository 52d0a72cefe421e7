-- How much time has passed, where p_microseconds have for the caller at least (null: it has not looked yet). Written at
-- most once a second.
create or replace function pass_time(p_microseconds bigint) returns bigint language plpgsql as $$
declare
  v_passed bigint := (select microseconds from elapsed_time);
begin
  if p_microseconds > v_passed + 1000000 then
    update elapsed_time set microseconds = greatest(microseconds, p_microseconds);
  end if;
  return greatest(v_passed, p_microseconds);
end
$$;
