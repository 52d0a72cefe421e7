-- Reactions: what acts on events, each with its place in the log.
--
-- Advisory locks, beside those that 0002_projections.sql lists:
--   1181708160 with the hash of a reaction: runs it
--   1181708161 with the hash of a reaction: skips the event at which it has stopped, or tries it again (shared)

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

-- Every reaction there is, one row each.
-- lag: the events that it has yet to look at. stall: why it does not go on; null where it does, or has nothing to do:
-- 'event' (stalled_position, type, stream, error: it cannot take the event), 'error' (it fails otherwise), 'no_process' (no
-- process runs it).
create view read.reactions as
select
  reactions.reaction,
  reactions.position,
  log_head.position - reactions.position as lag,
  log_head.position as head,
  reactions.updated_at,
  lock.is_held as is_running,
  reactions.process,
  reactions.began_at,
  stalls.stall,
  case
    when failures.reaction is not null then failures.failed_at
    when stalls.stall is not null then coalesce(reactions.ended_at, reactions.seen_at, reactions.updated_at)
  end as stalled_since,
  failures.position as stalled_position,
  failures.type,
  failures.stream,
  failures.error
from reactions
cross join log_head
left join reaction_failures as failures using (reaction)
cross join lateral (select is_lock_held(1181708160, hashtext(reactions.reaction)) as is_held) as lock
cross join lateral (
  select
    case
      when failures.position is not null then 'event'
      when failures.reaction is not null then 'error'
      when not lock.is_held and reactions.position is distinct from log_head.position then 'no_process'
    end as stall
) as stalls;

-- Records, as an event of the stream reaction-…, that a reaction leaves out the event at which it has stopped, and moves it
-- past that event.
-- outcome: 'skipped' (at: the position of the new event), 'skipped_before' (at: that of the one which did it), 'passed'
-- (nothing is done: the reaction is past the event), 'not_stopped' (nothing is done: it has not stopped at the event with
-- the error that p_data names).
create function skip_reaction_event(
  p_reaction text, p_position bigint, p_data jsonb, p_metadata jsonb, out outcome text, out at bigint
) language plpgsql as $$
declare
  v_stream text := 'reaction-' || p_reaction;
begin
  -- The event is not tried again until this transaction ends.
  perform pg_advisory_xact_lock(1181708161, hashtext(p_reaction));
  select 'skipped_before', skipped_by into outcome, at
  from reaction_skips where reaction = p_reaction and position = p_position;
  if found then
    return;
  end if;
  perform from reactions where reaction = p_reaction and position >= p_position for update;
  if found then
    outcome := 'passed';
    return;
  end if;
  if not exists (
    select from reaction_failures
    where reaction = p_reaction and position = p_position and error = p_data ->> 'error'
  ) then
    outcome := 'not_stopped';
    return;
  end if;
  outcome := 'skipped';
  select first_positions[1] into at
  from append_events(
    array[v_stream], array[1], array[-2], array[0], array[0], array[1], '{}', '{}', '{}', '{}', '{}', '{}',
    array[1], array[v_stream], array['ReactionEventSkipped'], array[1::smallint], array[p_data], array[p_metadata]);
  insert into reaction_skips (reaction, position, skipped_by) values (p_reaction, p_position, at);
  update reactions set position = p_position, updated_at = clock_timestamp() where reaction = p_reaction;
  delete from reaction_failures where reaction = p_reaction;
  perform pg_notify('footfall_reactions', p_reaction);
end
$$;

-- How much an auditor should mind an event.
create or replace function audit_severity(p_type text, p_data jsonb)
returns text language sql immutable parallel safe as $$
  select case
    when p_type = 'CameraStatusChanged' and p_data ->> 'to' = 'error' then 'error'
    when p_type = 'HeartbeatRecorded' and p_data ->> 'status' = 'error' then 'error'
    when p_type in (
      'CameraRemoved', 'CameraErased', 'CameraStopped', 'ProjectionEventSkipped', 'ReactionEventSkipped', 'TokensRevoked'
    )
      then 'warning'
    else 'info'
  end
$$;
