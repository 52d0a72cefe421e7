-- Whether nothing was heard of a camera for too long.
-- p_silent_since: when the last heartbeat arrived or, where that was later, when the camera was started.
create or replace function is_silent(p_silent_since timestamptz) returns boolean language sql stable parallel safe as $$
  select p_silent_since < now() - heartbeat_vouching()
$$;
