-- Adds a camera's key unless it has one or was erased, and returns what there is then. Raises FF002 where the master key
-- that wrapped it is not the current one.
create or replace function add_camera_key(p_camera_id bigint, p_key_id text, p_master_key_id text, p_wrapped bytea)
returns setof camera_keys language plpgsql as $$
begin
  perform hold_master_key(p_master_key_id);
  insert into camera_keys (camera_id, key_id, master_key_id, wrapped)
  values (p_camera_id, p_key_id, p_master_key_id, p_wrapped)
  on conflict (camera_id) do nothing;
  return query select * from camera_keys where camera_keys.camera_id = p_camera_id;
end
$$;
