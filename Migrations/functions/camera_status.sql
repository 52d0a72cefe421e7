-- How a camera's status follows from what was said of it last and from the time: in one place for all that show it.
-- Times are the database's own, by which recorded_at is taken, so that no other machine's clock decides who is alive.

-- The status now of a camera whose status was p_status by the last word.
-- p_lapses: whether the word has to be renewed by heartbeats.
create or replace function camera_status(
  p_status text, p_lapses boolean, p_silent_since timestamptz
) returns text language sql stable parallel safe as $$
  select case when p_lapses and is_silent(p_silent_since) then 'offline' else p_status end
$$;
