-- Lets recorded_at go on from a time before the last event's where the clock was ahead when that was recorded: where the
-- times of the log leap ahead by at least as much as the clock is behind now, from an event at or before now to the next.
-- Else it is the clock that is behind. p_now: the clock.
create or replace function settle_clock(p_now timestamptz) returns void language plpgsql as $$
declare
  v_head bigint;
  v_last timestamptz;
  v_archived_to bigint;
  v_before bigint;
  v_before_at timestamptz;
  v_after_at timestamptz;
begin
  -- As append_events does, so that the end of the log stays as it is until the transaction ends.
  select position, recorded_at, archived_to into v_head, v_last, v_archived_to from log_head for update;
  if v_last <= p_now then
    return;
  end if;
  v_before := position_at(p_now);
  if v_before = 0 or v_before = v_head then
    return;
  elsif v_before > v_archived_to then
    v_before_at := (select logged_at(position, recorded_at) from events where position = v_before);
  else
    v_before_at := (
      select logged_at(last_position, last_recorded_at) from segments where last_position = v_before
    );
  end if;
  v_after_at := (select logged_at(position, recorded_at) from events where position = v_before + 1);
  if v_before_at <= p_now and v_after_at - v_before_at >= v_last - p_now then
    insert into clock_jumps (first_position, last_position, ahead, ended_at)
    values (v_before + 1, v_head, v_last, p_now);
    update log_head set recorded_at = p_now;
  end if;
end
$$;
