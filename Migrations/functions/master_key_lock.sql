-- The key of the advisory lock that is held, shared, by who adds a camera's key, and exclusively by who makes another
-- master key the current one.
create or replace function master_key_lock() returns bigint language sql immutable parallel safe as $$ select 7310579617842299041 $$;
