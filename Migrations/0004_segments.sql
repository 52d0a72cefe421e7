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
  -- For each event, the first 8 bytes of its SHA-256: tells which one was altered, where the hash tells that one was.
  digests bytea not null check (octet_length(digests) = 8 * (last_position - first_position + 1)),
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

-- Random bytes: compressing them is a waste.
alter table segments alter column digests set storage external;

create trigger segments_never_change
before delete or update of segment, first_position, last_position, previous_hash, hash, digests on segments
for each row execute function refuse_change();
create trigger segments_stay before truncate on segments for each statement execute function refuse_change();

-- One row per stream and archived segment that holds events of it: the versions that it holds.
create table archived_streams (
  first_version bigint not null,
  last_version bigint not null,
  segment bigint not null references segments (segment),
  stream text collate "C" not null,
  primary key (stream, first_version)
);

create index archived_streams_segment on archived_streams (segment);

-- Archived events on their way into a projection or the audit trail: rows live no longer than the transaction that put them here.
create unlogged table archived_events (
  position bigint not null,
  version bigint not null,
  recorded_at timestamptz not null,
  schema_version smallint not null,
  stream text collate "C" not null,
  type text collate "C" not null,
  data jsonb not null,
  metadata jsonb not null
);

create index archived_events_position on archived_events (position);

-- The audit trail of the events that the transaction has loaded: the columns of read.audit.
create view archived_audit as
select
  position,
  stream,
  version,
  type,
  schema_version,
  data - 'stream_credentials' as data,
  metadata ->> 'actor' as actor,
  metadata ->> 'source' as source,
  (metadata ->> 'sequence')::bigint as sequence,
  audit_severity(type, data) as severity,
  metadata ->> 'correlation_id' as correlation_id,
  metadata ->> 'causation_id' as causation_id,
  recorded_at
from archived_events;

-- The key of the advisory lock that is held, shared, by transactions that read events in several statements, and
-- exclusively by those that drop or bring back a partition.
create function archive_lock() returns bigint language sql immutable parallel safe as $$ select 5075986949133434226 $$;

-- Drops the first partition that is left, which holds the positions up to p_to. The caller has verified the files of
-- all its segments.
create function drop_archived_partition(p_to bigint) returns void language plpgsql as $$
declare
  v_size bigint;
  v_from bigint;
  v_head bigint;
  v_name text;
begin
  perform pg_advisory_xact_lock(archive_lock());
  -- In the order in which an append takes its locks.
  select partition_size, archived_to, position into v_size, v_from, v_head from log_head for update;
  v_name := format('events_%s', lpad((v_from / v_size + 1)::text, 6, '0'));
  if p_to <> v_from + v_size or p_to > v_head then
    raise exception 'position % is not the end of the first full partition, %', p_to, v_name
    using errcode = 'object_not_in_prerequisite_state';
  end if;
  if v_size <> (
    select sum(last_position - first_position + 1)
    from segments
    where first_position > v_from and last_position <= p_to and file is not null
  ) then
    raise exception 'partition % has segments that are not archived', v_name
    using errcode = 'object_not_in_prerequisite_state';
  end if;
  execute format('alter table events detach partition %I', v_name);
  execute format('drop table %I', v_name);
  update log_head set archived_to = p_to;
end
$$;

-- Brings back the last partition that was dropped, under the name p_table, which the caller has made like events and
-- filled from verified files.
create function attach_restored_partition(p_table text) returns void language plpgsql as $$
declare
  v_size bigint;
  v_to bigint;
  v_name text;
begin
  perform pg_advisory_xact_lock(archive_lock());
  select partition_size, archived_to into v_size, v_to from log_head for update;
  v_name := format('events_%s', lpad((v_to / v_size)::text, 6, '0'));
  execute format('alter table %I rename to %I', p_table, v_name);
  execute format(
    'create trigger events_stay before truncate on %I for each statement execute function refuse_change()', v_name);
  execute format(
    'alter table events attach partition %I for values from (%s) to (%s)', v_name, v_to - v_size + 1, v_to + 1);
  update log_head set archived_to = v_to - v_size;
end
$$;
