-- Builds of read models, their checkpoints, and the schema through which readers see the active ones.

create schema read;

-- One row a build: one filling of a read model, in a schema of its own.
create table projection_builds (
  build bigint generated always as identity primary key,
  projection text not null,
  -- SHA-256 of the SQL that made the build, in hexadecimal.
  definition text not null,
  -- That SQL, by file name.
  sources jsonb not null,
  state text not null check (state in ('building', 'active', 'retired', 'scratch')),
  -- Since when indexes.sql has been run; null before and while events are applied again.
  indexing_since timestamptz,
  -- Whether indexes.sql has been run.
  indexed boolean not null default false,
  -- How much of the time whoever fills the build applies events, in percent; the rest it rests.
  throttle smallint not null default 100 check (throttle between 1 and 100),
  -- Events applied a second of late, rests included; null until that is known.
  rate double precision,
  created_at timestamptz not null default clock_timestamp(),
  activated_at timestamptz
);

create unique index projection_builds_active on projection_builds (projection) where state = 'active';
create unique index projection_builds_building on projection_builds (projection) where state = 'building';

-- One row a build that is fed: the last position that its tables reflect.
create table projection_checkpoints (
  build bigint primary key references projection_builds (build) on delete cascade,
  position bigint not null,
  updated_at timestamptz not null default clock_timestamp()
) with (fillfactor = 50);

-- One row a build that cannot go on, for all processes and tools to see; gone as soon as it does go on.
create table projection_failures (
  build bigint primary key references projection_builds (build) on delete cascade,
  -- The event that the build's SQL cannot take, the next after its checkpoint; null where the fault is not an event's.
  position bigint,
  type text,
  stream text,
  sql_state text,
  -- The server's message; never its detail, which shows rows.
  error text not null,
  failed_at timestamptz not null default clock_timestamp(),
  check ((position is null) = (type is null)),
  check ((position is null) = (stream is null))
);

-- Events that a projection leaves out, one row each: written by skip_projection_event alone.
-- At the time of the skip no build of the projection had applied the event, and none does from then on, whatever its
-- SQL: so all builds of a projection leave out the same events, and a rebuild still equals live.
create table projection_skips (
  projection text not null,
  position bigint not null,
  -- The ProjectionEventSkipped that says who skipped it and why.
  skipped_by bigint not null,
  -- Which event it is, so that answers that lack it can say so without a look into the log or its archive.
  stream text,
  type text,
  -- When the event says that it happened; null where it does not say so in a readable way.
  observed_at timestamptz,
  primary key (projection, position)
);

-- One row a projection that was ever applied: the process that applies it, or did last.
-- Whether it does at this moment is said by its session's advisory lock, see read.projections.
create table projection_runners (
  projection text primary key,
  -- host:pid
  process text not null,
  began_at timestamptz not null default clock_timestamp(),
  -- Renewed every few seconds.
  seen_at timestamptz not null default clock_timestamp(),
  -- When it gave the projection up in order; null where it has not, or was killed.
  ended_at timestamptz
) with (fillfactor = 50);

-- A rebuild that was asked for and that no process has begun yet.
create table projection_rebuilds (
  projection text primary key,
  throttle smallint not null check (throttle between 1 and 100),
  requested_at timestamptz not null default clock_timestamp()
);

-- One row for each definition under which a projection was ever kept. The one with the greatest choice is that under
-- which it is kept now: see choose_definition.
create table projection_definitions (
  projection text not null,
  -- SHA-256 of its SQL, in hexadecimal.
  definition text not null,
  choice bigint not null,
  chosen_at timestamptz not null default clock_timestamp(),
  primary key (projection, definition),
  unique (projection, choice)
);

-- Trigrams find texts that contain a pattern of three characters or more. A trusted extension, part of PostgreSQL's own
-- package.
create extension if not exists pg_trgm;
