-- What becomes of recorded_at where the server's clock jumps.
--
-- An event carries the clock's time, and none less than the event before it: a clock that is behind is waited for. Only
-- where the clock was ahead before and is right again does recorded_at go back with it: then the events that were recorded
-- meanwhile carry times that had not come yet, and are listed in clock_jumps. In the order of time they stand where the
-- clock was right again (logged_at), so that this order is that of positions.

-- One row per time that a clock which had been ahead was set right.
create table clock_jumps (
  jump bigint generated always as identity primary key,
  -- The events that were recorded with the clock ahead.
  first_position bigint not null,
  last_position bigint not null,
  -- The last time that the clock had when it was ahead.
  ahead timestamptz not null,
  -- The time when it was first seen to be right again.
  ended_at timestamptz not null,
  check (first_position <= last_position),
  check (ended_at < ahead)
);

-- When an event of a position and a recorded_at came, as far as the order of events goes: it never decreases with the
-- position.
create function logged_at(p_position bigint, p_recorded_at timestamptz) returns timestamptz
language plpgsql stable as $$
begin
  return least(
    p_recorded_at,
    (select min(ended_at) from clock_jumps where p_position between first_position and last_position));
end
$$;

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

-- Lets recorded_at go on from a time before the last event's where the clock was ahead when that was recorded: where the
-- times of the log leap ahead by at least as much as the clock is behind now, from an event at or before now to the next.
-- Else it is the clock that is behind. p_now: the clock.
create function settle_clock(p_now timestamptz) returns void language plpgsql as $$
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

-- Goes before append_events in its transaction. A clock that is less than a second behind the last event is waited for,
-- as clocks are set by small steps and servers' differ.
create function follow_clock() returns void language plpgsql as $$
begin
  if clock_timestamp() < (select recorded_at - interval '1 second' from log_head) then
    perform settle_clock(clock_timestamp());
  end if;
end
$$;
