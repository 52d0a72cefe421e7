-- The key of the advisory lock that is held, shared, by transactions that read events in several statements, and
-- exclusively by those that drop or bring back a partition: LockKey.archive.
create or replace function archive_lock() returns bigint language sql immutable parallel safe as $$
  select x'4671873C8B9DFD72'::bigint
$$;
