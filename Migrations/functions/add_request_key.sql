-- Adds the key unless there is one, and returns the one there is then. Raises FF002 where the master key that wrapped it
-- is not the current one.
create or replace function add_request_key(p_key_id text, p_master_key_id text, p_wrapped bytea)
returns setof request_key language plpgsql as $$
begin
  perform hold_master_key(p_master_key_id);
  insert into request_key (key_id, master_key_id, wrapped) values (p_key_id, p_master_key_id, p_wrapped)
  on conflict (is_only) do nothing;
  return query select * from request_key;
end
$$;
