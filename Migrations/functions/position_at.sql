-- The position of the last event that came at a time or before, of those that were not archived; the last archived one
-- where there is none. logged_at never decreases with positions, which are gapless, so a binary search finds it.
create or replace function position_at(p_time timestamptz) returns bigint language plpgsql stable as $$
declare
  v_low bigint := (select archived_to from log_head);
  v_high bigint := (select position from log_head);
  v_middle bigint;
begin
  while v_low < v_high loop
    v_middle := (v_low + v_high + 1) / 2;
    if (select logged_at(position, recorded_at) from events where position = v_middle) <= p_time then
      v_low := v_middle;
    else
      v_high := v_middle - 1;
    end if;
  end loop;
  return v_low;
end
$$;
