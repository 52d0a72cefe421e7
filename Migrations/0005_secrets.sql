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
  purpose text not null check (purpose in ('stream_credentials', 'stream_path', 'security_config')),
  sealed bytea not null,
  primary key (camera_id, id)
);

-- The key by which requests under an Idempotency-Key are told apart, wrapped by a master key as cameras' keys are: what is
-- kept of a request (idempotent_requests.fingerprint) says nothing about its body to who has the database alone.
-- One row at most.
create table request_key (
  is_only boolean primary key default true check (is_only),
  key_id text collate "C" not null,
  master_key_id text collate "C" not null references master_keys,
  wrapped bytea not null
);
