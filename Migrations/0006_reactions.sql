-- Reactions: what acts on events, each with its place in the log.

-- One row a reaction that ever ran.
create table reactions (
  reaction text primary key,
  -- The last event that it acted on, or left out; null of one that acts by the clock and reads no events.
  position bigint check (position >= 0),
  -- What it remembers of the events up to there.
  state jsonb not null default '{}',
  updated_at timestamptz not null default clock_timestamp(),
  -- The process that runs it, or did last, as host:pid; null before the first. Whether it does at this moment is said by
  -- its session's advisory lock, see read.reactions.
  process text,
  began_at timestamptz,
  -- Renewed every few seconds.
  seen_at timestamptz,
  -- When the process gave it up in order; null where it has not, or was killed.
  ended_at timestamptz
) with (fillfactor = 50);

-- One row a reaction that does not go on; gone as soon as it does.
create table reaction_failures (
  reaction text primary key references reactions (reaction) on delete cascade,
  -- The event that it cannot take, the next after its position; null where the fault is not an event's.
  position bigint,
  type text,
  stream text,
  error text not null,
  failed_at timestamptz not null default clock_timestamp(),
  check ((position is null) = (type is null)),
  check ((position is null) = (stream is null))
);

-- Events that a reaction leaves out, one row each: written by skip_reaction_event alone.
create table reaction_skips (
  reaction text not null,
  position bigint not null,
  -- The ReactionEventSkipped that says who skipped it and why.
  skipped_by bigint not null,
  primary key (reaction, position)
);
