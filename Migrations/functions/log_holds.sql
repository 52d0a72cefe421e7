-- Whether the log holds, at a position, the event that was recorded there at that time. An archived one is taken to be
-- that: it was sealed before.
create or replace function log_holds(p_position bigint, p_recorded_at timestamptz) returns boolean language plpgsql stable as $$
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
