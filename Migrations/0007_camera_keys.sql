-- What cameras keep secret: encrypted beside the log, which holds references only. No column here can be read without a
-- master key, and none of those is in the database.

-- One row a master key that ever wrapped a camera's key. The current one wraps new keys.
create table master_keys (
  id text collate "C" primary key,
  is_current boolean not null,
  added_at timestamptz not null default clock_timestamp()
);

create unique index master_keys_current on master_keys (is_current) where is_current;

-- One row a camera that has, or had, a key of its own, wrapped by a master key. Erased: the key is gone, and the camera
-- gets no other.
create table camera_keys (
  camera_id bigint primary key,
  key_id text collate "C",
  master_key_id text collate "C" references master_keys,
  wrapped bytea,
  -- The position of the event that destroyed the key.
  erased_by bigint,
  check ((erased_by is null) = (key_id is not null)),
  check ((key_id is null) = (wrapped is null)),
  check ((key_id is null) = (master_key_id is null))
);

create index camera_keys_master on camera_keys (master_key_id) where master_key_id is not null;
create index camera_keys_erased on camera_keys (erased_by) where erased_by is not null;

-- One row a secret that a camera has or had, sealed under its key. Events refer to it by its id, which is a keyed hash of
-- the secret: the same text of one camera has one id.
create table camera_secrets (
  camera_id bigint not null references camera_keys,
  id text collate "C" not null,
  key_id text collate "C" not null,
  purpose text not null check (purpose in ('stream_credentials', 'security_config')),
  sealed bytea not null,
  primary key (camera_id, id)
);

-- The master key that wraps new keys: p_first, where there is none yet.
create function current_master_key(p_first text) returns text language plpgsql as $$
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

-- The key of the advisory lock that is held, shared, by who adds a camera's key, and exclusively by who makes another
-- master key the current one.
create function master_key_lock() returns bigint language sql immutable parallel safe as $$ select 7310579617842299041 $$;

-- Adds a camera's key unless it has one or was erased, and returns what there is then. Raises FF002 where the master key
-- that wrapped it is not the current one.
create function add_camera_key(p_camera_id bigint, p_key_id text, p_master_key_id text, p_wrapped bytea)
returns setof camera_keys language plpgsql as $$
begin
  perform pg_advisory_xact_lock_shared(master_key_lock());
  if not exists (select from master_keys where master_keys.id = p_master_key_id and is_current) then
    raise exception 'this master key is not the current one' using errcode = 'FF002';
  end if;
  insert into camera_keys (camera_id, key_id, master_key_id, wrapped)
  values (p_camera_id, p_key_id, p_master_key_id, p_wrapped)
  on conflict (camera_id) do nothing;
  return query select * from camera_keys where camera_keys.camera_id = p_camera_id;
end
$$;

-- Once this has committed, no key comes under another master key any more.
create function make_master_key_current(p_id text) returns void language plpgsql as $$
begin
  perform pg_advisory_xact_lock(master_key_lock());
  update master_keys set is_current = false where is_current and id <> p_id;
  insert into master_keys (id, is_current) values (p_id, true)
  on conflict (id) do update set is_current = true;
end
$$;

-- Destroys a camera's key and secrets in the transaction that appends the event which says so: there is no moment at
-- which the log holds the event and the database the key. Others wait on the key's row while they keep a secret, so none
-- is kept unseen.
create function erase_camera() returns trigger language plpgsql as $$
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

create trigger events_erase after insert on events
for each row when (new.type = 'CameraErased') execute function erase_camera();

-- An event's data as everybody may see it: credentials of older events are left out, and what is encrypted shows only
-- that it is there.
create function shown_data(p_data jsonb) returns jsonb language sql immutable parallel safe as $$
  select case
    when p_data ?| array['frame_data', 'sealed_frame_data']
      then (p_data - array['frame_data', 'sealed_frame_data', 'stream_credentials']) || '{"frame_data": "***"}'
    else p_data - 'stream_credentials'
  end
$$;

-- How much an auditor should mind an event.
create or replace function audit_severity(p_type text, p_data jsonb)
returns text language sql immutable parallel safe as $$
  select case
    when p_type = 'CameraStatusChanged' and p_data ->> 'to' = 'error' then 'error'
    when p_type = 'HeartbeatRecorded' and p_data ->> 'status' = 'error' then 'error'
    when p_type in ('CameraRemoved', 'CameraErased', 'CameraStopped', 'ProjectionEventSkipped') then 'warning'
    else 'info'
  end
$$;

create or replace view read.audit as
select
  position,
  stream,
  version,
  type,
  schema_version,
  shown_data(data) as data,
  metadata ->> 'actor' as actor,
  metadata ->> 'source' as source,
  (metadata ->> 'sequence')::bigint as sequence,
  audit_severity(type, data) as severity,
  metadata ->> 'correlation_id' as correlation_id,
  metadata ->> 'causation_id' as causation_id,
  recorded_at
from events;

create or replace view archived_audit as
select
  position,
  stream,
  version,
  type,
  schema_version,
  shown_data(data) as data,
  metadata ->> 'actor' as actor,
  metadata ->> 'source' as source,
  (metadata ->> 'sequence')::bigint as sequence,
  audit_severity(type, data) as severity,
  metadata ->> 'correlation_id' as correlation_id,
  metadata ->> 'causation_id' as causation_id,
  recorded_at
from archived_events;
