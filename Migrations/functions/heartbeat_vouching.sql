-- How long a heartbeat vouches for a camera.
create or replace function heartbeat_vouching() returns interval language sql immutable parallel safe as $$
  select interval '90 seconds'
$$;
