-- The history of the log: after a failover to a replica that lacked its end, or a restore, the same positions and versions
-- may stand for other events. Who decided over what the log held says so, and is refused where it no longer does.

-- Whether the log holds, at a position, the event that was recorded there at that time. An archived one is taken to be
-- that: it was sealed before.
create function log_holds(p_position bigint, p_recorded_at timestamptz) returns boolean language plpgsql stable as $$
declare
  v_head bigint;
  v_archived_to bigint;
begin
  select log_head.position, log_head.archived_to into v_head, v_archived_to from log_head;
  return p_position <= v_head and (
    p_position <= v_archived_to
    or exists (select from events where events.position = p_position and events.recorded_at = p_recorded_at)
  );
end
$$;

-- Goes before append_events in the transaction of appends that rest on the log as it was up to a position (null: on
-- nothing). Raises FF004 where the log does not hold that.
create function hold_history(p_position bigint, p_recorded_at timestamptz) returns void language plpgsql as $$
begin
  if p_position is not null and not log_holds(p_position, p_recorded_at) then
    raise exception 'the log is on another history' using errcode = 'FF004';
  end if;
end
$$;
