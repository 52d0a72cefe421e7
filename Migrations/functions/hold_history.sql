-- The history of the log: after a failover to a replica that lacked its end, or a restore, the same positions and versions
-- may stand for other events. Who decided over what the log held says so, and is refused where it no longer does.

-- Goes before append_events in the transaction of appends that rest on the log as it was up to a position (null: on
-- nothing). Raises FF004 where the log does not hold that.
create or replace function hold_history(p_position bigint, p_recorded_at timestamptz) returns void language plpgsql as $$
begin
  if p_position is not null and not log_holds(p_position, p_recorded_at) then
    raise exception 'the log is on another history' using errcode = 'FF004';
  end if;
end
$$;
