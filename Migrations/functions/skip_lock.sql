-- The first half of the key of the advisory lock that is held, shared, while events are applied to a build of a
-- projection, and exclusively while one is skipped; the second half is hashtext(projection).
create or replace function skip_lock() returns int language sql immutable parallel safe as $$ select 1181708154 $$;
