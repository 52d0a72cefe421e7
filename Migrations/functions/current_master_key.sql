-- The master key that wraps new keys: p_first, where there is none yet.
create or replace function current_master_key(p_first text) returns text language plpgsql as $$
begin
  if not exists (select from master_keys where is_current) then
    perform pg_advisory_xact_lock(master_key_lock());
    if not exists (select from master_keys where is_current) then
      insert into master_keys (id, is_current) values (p_first, true);
    end if;
  end if;
  return (select id from master_keys where is_current);
end
$$;
