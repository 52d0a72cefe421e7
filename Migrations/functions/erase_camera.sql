-- Destroys a camera's key and secrets in the transaction that appends the event which says so: there is no moment at
-- which the log holds the event and the database the key. Others wait on the key's row while they keep a secret, so none
-- is kept unseen.
create or replace function erase_camera() returns trigger language plpgsql as $$
declare
  v_camera_id bigint := (new.data ->> 'camera_id')::bigint;
begin
  insert into camera_keys (camera_id, erased_by) values (v_camera_id, new.position)
  on conflict (camera_id) do update
  set key_id = null, master_key_id = null, wrapped = null, erased_by = excluded.erased_by
  where camera_keys.erased_by is null;
  delete from camera_secrets where camera_id = v_camera_id;
  perform pg_notify('footfall_erasures', '');
  return null;
end
$$;

create or replace trigger events_erase after insert on events
for each row when (new.type = 'CameraErased') execute function erase_camera();
