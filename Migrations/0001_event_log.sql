-- The event log: an append-only sequence of events in streams.
--
-- Positions are 1, 2, 3 … over the whole log, without a gap and in the order of commit: an append takes its positions
-- from the one row of log_head and keeps that row locked until it commits. A reader that has seen position N has seen
-- all up to N.

-- One row a stream. Version 0: opened, without events.
create table streams (
  version bigint not null check (version >= 0),
  closed boolean not null default false,
  name text collate "C" primary key
) with (fillfactor = 70);

-- One row: the end of the log.
create table log_head (
  only_row boolean primary key default true check (only_row),
  position bigint not null check (position >= 0),
  recorded_at timestamptz not null,
  partition_size bigint not null check (partition_size > 0),
  partitioned_to bigint not null,
  -- How many positions one segment covers (see 0003_archive.sql); a partition holds a whole number of segments.
  segment_size bigint not null default 10000 check (segment_size > 0),
  -- Positions 1 to this one lie in archived files, and in no partition.
  archived_to bigint not null default 0 check (archived_to >= 0),
  check (partition_size % segment_size = 0)
) with (fillfactor = 50);

-- One row an event, never changed (functions/refuse_change.sql), in partitions that extend_event_partitions makes. Within
-- a stream, versions are 1, 2, 3 … (kept so by the locked row of streams).
--
-- The columns from actor to correlation_id, and sequence, are the event's metadata: null where it has no such member. What
-- is hashed, archived and exported is not the row but an event's canonical form, in which they are one JSON object (see
-- Sources/EventSourcing/StoredMetadata.swift), so a column that is added changes no hash. Numbers stand first and data
-- last, so that nothing is lost to alignment.
create table events (
  position bigint not null,
  version bigint not null,
  recorded_at timestamptz not null,
  -- Of the source: which of its appends this belongs to.
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
  data jsonb not null,
  primary key (position)
) partition by range (position);

create index events_stream on events (stream, version);

-- One row per stream and source that numbers what it sends: the last append that was taken from it.
create table producers (
  last_sequence bigint not null,
  last_position bigint not null,
  stream text collate "C" not null,
  source text collate "C" not null,
  primary key (stream, source)
) with (fillfactor = 70);

create sequence camera_ids as bigint;

-- What came of an append: see append_events.
create type append_outcome as enum ('appended', 'conflict', 'duplicate', 'closed', 'missing');

insert into log_head (position, recorded_at, partition_size, partitioned_to)
values (0, '-infinity', 1000000, 0);

-- What becomes of recorded_at where the server's clock jumps.
--
-- An event carries the clock's time, and none less than the event before it: a clock that is behind is waited for. Only
-- where the clock was ahead before and is right again does recorded_at go back with it: then the events that were recorded
-- meanwhile carry times that had not come yet, and are listed in clock_jumps. In the order of time they stand where the
-- clock was right again (logged_at), so that this order is that of positions.

-- One row per time that a clock which had been ahead was set right.
create table clock_jumps (
  jump bigint generated always as identity primary key,
  -- The events that were recorded with the clock ahead.
  first_position bigint not null,
  last_position bigint not null,
  -- The last time that the clock had when it was ahead.
  ahead timestamptz not null,
  -- The time when it was first seen to be right again.
  ended_at timestamptz not null,
  check (first_position <= last_position),
  check (ended_at < ahead)
);

-- What finds events. Each costs appends of readings and heartbeats, which nearly all events are, as little as it can.

-- Finds the events of types that are seldom, for projections that read those only: at 2.7 million events, of which one
-- in 64 changes a camera, a rebuild of camera_state takes a tenth of the time. Readings and heartbeats, which nearly all
-- events are, stay out of it, so that it costs appends next to nothing.
create index events_seldom on events (type, position)
where type <> 'CountReadingRecorded' and type <> 'HeartbeatRecorded';

-- Corrections are few among millions of readings. Whoever looks for them alone (each range that is applied to a read
-- model, each explanation of a count) finds them here; an event of another type costs this index nothing.
create index events_corrections on events (stream, position) where type = 'CountCorrected';

-- Finds what belongs to one request, and what an event led to. As with events_seldom, readings and heartbeats stay out:
-- so an append of them costs one comparison more for each index, and they are found beside the events that they were
-- appended with.
create index events_correlated on events (correlation_id)
where type <> 'CountReadingRecorded' and type <> 'HeartbeatRecorded';

create index events_caused on events (causation_id)
where type <> 'CountReadingRecorded' and type <> 'HeartbeatRecorded' and causation_id is not null;

-- A camera's readings by the minute in which they were observed, the first 16 characters of the instant's text: in UTC, so
-- that texts sort as instants do. Readings of one minute share an entry.
create index events_counted on events (stream, (left(data ->> 'observed_at', 16) collate "C"))
where type = 'CountReadingRecorded';

-- The readings of one take of a recording, the last minute first.
create index events_of_takes on events (stream, (data ->> 'take'), (left(data ->> 'observed_at', 16) collate "C"))
where type = 'CountReadingRecorded' and data ? 'take';

-- What changes counts afterwards.
create index events_recounting on events (type, stream)
where type in ('CountCorrected', 'RecordingTakeBegan', 'RecordingTakeEnded');
