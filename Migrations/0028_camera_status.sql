-- How a camera's status follows from what was said of it last and from the time: in one place for all that show it.
-- Times are the database's own, by which recorded_at is taken, so that no other machine's clock decides who is alive.

-- How long a heartbeat vouches for a camera.
create function heartbeat_vouching() returns interval language sql immutable parallel safe as $$
  select interval '90 seconds'
$$;

-- Whether nothing was heard of a camera for too long.
-- p_silent_since: when the last heartbeat arrived or, where that was later, when the camera was started.
create function is_silent(p_silent_since timestamptz) returns boolean language sql stable parallel safe as $$
  select p_silent_since < now() - heartbeat_vouching()
$$;

-- The status now of a camera whose status was p_status by the last word.
-- p_lapses: whether the word has to be renewed by heartbeats.
create function camera_status(
  p_status text, p_lapses boolean, p_silent_since timestamptz
) returns text language sql stable parallel safe as $$
  select case when p_lapses and is_silent(p_silent_since) then 'offline' else p_status end
$$;

-- The length of ranges of time, in milliseconds; 0 of none.
create function milliseconds(p_ranges tstzmultirange) returns bigint language sql immutable parallel safe as $$
  select coalesce(sum(round(1000 * extract(epoch from upper(range) - lower(range)))), 0)::bigint
  from unnest(p_ranges) as ranges (range)
$$;
