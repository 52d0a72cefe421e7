-- Once this has committed, no key comes under another master key any more.
create or replace function make_master_key_current(p_id text) returns void language plpgsql as $$
begin
  perform pg_advisory_xact_lock(master_key_lock());
  update master_keys set is_current = false where is_current and id <> p_id;
  insert into master_keys (id, is_current) values (p_id, true)
  on conflict (id) do update set is_current = true;
end
$$;
