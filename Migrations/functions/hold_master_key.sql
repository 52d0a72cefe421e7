-- Keeps a master key the current one until the transaction ends. Raises FF002 where it is not.
create or replace function hold_master_key(p_id text) returns void language plpgsql as $$
begin
  perform pg_advisory_xact_lock_shared(master_key_lock());
  if not exists (select from master_keys where id = p_id and is_current) then
    raise exception 'this master key is not the current one' using errcode = 'FF002';
  end if;
end
$$;
