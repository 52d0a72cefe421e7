-- What is kept so that nothing is done twice: calls of append_events, so that one whose answer was lost is asked again,
-- and requests made under a key (Idempotency-Key).

-- Time as it passes, whatever the server's clock is set to, for what must not be forgotten too early.
-- One row: for how long there were processes on this database, in microseconds, by their monotonic clocks. Each adds the
-- time since it last looked; that of the others is not added again.
create table elapsed_time (
  only_row boolean primary key default true check (only_row),
  microseconds bigint not null check (microseconds >= 0)
) with (fillfactor = 50);

insert into elapsed_time (microseconds) values (0);

-- One row a writer (a process's log): its last call with an append that no producer numbers, and what that came to.
create table append_calls (
  writer bigint primary key,
  call bigint not null,
  called_at timestamptz not null,
  outcomes append_outcome[] not null,
  first_positions bigint[] not null,
  versions bigint[] not null,
  recorded_at timestamptz,
  -- The time that had passed then: see elapsed_time.
  called_after bigint not null default 0
) with (fillfactor = 50);

-- Kept for one call only: compressing them would cost more than it saves.
alter table append_calls
  alter column outcomes set storage external,
  alter column first_positions set storage external,
  alter column versions set storage external;

-- One row per request that is being made, or was in the last day. A row is the claim of whoever makes the request
-- (claim, leased_until), then what its append came to, then its answer.
create table idempotent_requests (
  -- Stands for the key and whoever may use it.
  id text collate "C" primary key,
  fingerprint text collate "C" not null,
  claim bigint not null,
  leased_until timestamptz not null,
  created_at timestamptz not null default clock_timestamp(),
  -- Of the request's appends, as append_events answers, and how many events each has; written in their transaction.
  -- Null until one of them is accepted.
  stream text collate "C",
  outcomes append_outcome[],
  first_positions bigint[],
  versions bigint[],
  event_counts bigint[],
  recorded_at timestamptz,
  answer bytea,
  -- The time that had passed when it was first made under its key, and when it was last claimed: see elapsed_time.
  created_after bigint not null default 0,
  claimed_after bigint not null default 0,
  check ((outcomes is null) = (recorded_at is null))
) with (fillfactor = 70);

create index idempotent_requests_created_at on idempotent_requests (created_at);
