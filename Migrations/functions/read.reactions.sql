-- Every reaction there is, one row each.
-- lag: the events that it has yet to look at. stall: why it does not go on; null where it does, or has nothing to do:
-- 'event' (stalled_position, type, stream, error: it cannot take the event), 'error' (it fails otherwise), 'no_process' (no
-- process runs it).
-- Needs: is_lock_held, lock_space
create or replace view read.reactions as
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
cross join lateral (select is_lock_held(lock_space('reactions'), hashtext(reactions.reaction)) as is_held) as lock
cross join lateral (
  select
    case
      when failures.position is not null then 'event'
      when failures.reaction is not null then 'error'
      when not lock.is_held and reactions.position is distinct from log_head.position then 'no_process'
    end as stall
) as stalls;
