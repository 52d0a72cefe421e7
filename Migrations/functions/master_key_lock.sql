-- The key of the advisory lock that is held, shared, while a key is added under the current master key, and exclusively
-- while another master key is made the current one: LockKey.masterKeys.
create or replace function master_key_lock() returns bigint language sql immutable parallel safe as $$
  select x'6574656DE7B380A1'::bigint
$$;
