-- Tamper evidence and the archive.
--
-- A segment is a run of log_head.segment_size positions. Once all of them are there, the segment is sealed: its hash
-- covers its events and the previous segment's hash, so that no past event can be altered, removed or inserted without
-- breaking the chain. Sealed segments may be archived to files. Whole partitions, from the first position on, are
-- dropped once all their segments are in verified files: log_head.archived_to says how far.

-- One row a segment, numbered from 1 without a gap.
create table segments (
  segment bigint primary key check (segment > 0),
  first_position bigint not null unique,
  last_position bigint not null check (last_position >= first_position),
  first_recorded_at timestamptz not null,
  last_recorded_at timestamptz not null,
  -- SHA-256; of the first segment: 32 zero bytes.
  previous_hash bytea not null check (octet_length(previous_hash) = 32),
  hash bytea not null check (octet_length(hash) = 32),
  sealed_at timestamptz not null default clock_timestamp(),
  -- The absolute path of the file and its size; null until it is archived.
  file text,
  file_bytes bigint,
  -- How many bytes the file's text has when it is decompressed.
  text_bytes bigint,
  archived_at timestamptz,
  check ((file is null) = (file_bytes is null)),
  check ((file is null) = (text_bytes is null)),
  check ((file is null) = (archived_at is null))
);

-- One row per stream and archived segment that holds events of it: the versions that it holds.
create table archived_streams (
  first_version bigint not null,
  last_version bigint not null,
  segment bigint not null references segments (segment),
  stream text collate "C" not null,
  primary key (stream, first_version)
);

create index archived_streams_segment on archived_streams (segment);

-- Archived events on their way into a projection or the audit trail, in the columns of events: rows live no longer than
-- the transaction that put them here.
create unlogged table archived_events (
  position bigint not null,
  version bigint not null,
  recorded_at timestamptz not null,
  sequence bigint,
  schema_version smallint not null,
  stream text collate "C" not null,
  type text collate "C" not null,
  actor text collate "C",
  source text collate "C",
  trace_id text collate "C",
  causation_id text collate "C",
  client_address text collate "C",
  correlation_id text collate "C",
  data jsonb not null
);

create index archived_events_position on archived_events (position);
