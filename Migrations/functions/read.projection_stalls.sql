-- Why a build does not move although there are events that it has yet to apply, one row each; a build that moves, or
-- has nothing to do, has none. It reads the log's end and not the events: who holds a lock on those is to be shown.
-- reason: 'event' (position, type, stream: its SQL cannot take the event), 'schema_version' (the same, since the release
-- does not know the event's), 'error' (it fails otherwise), 'no_process' (no process applies it, or fills it), 'lock' (its
-- session waits for what other sessions hold).
-- Needs: read.projections
create or replace view read.projection_stalls as
with waits as (
  select
    pg_stat_activity.application_name,
    pg_locks.pid,
    pg_locks.mode,
    case when pg_locks.relation is null then pg_locks.locktype else pg_locks.relation::regclass::text end as object,
    (
      select json_agg(
        json_build_object(
          'pid', holder.pid, 'application_name', holding.application_name, 'state', holding.state,
          'query', left(holding.query, 500),
          'transaction_began_at', to_char(holding.xact_start at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')))
      from unnest(pg_blocking_pids(pg_locks.pid)) as holder (pid)
      left join pg_stat_activity as holding on holding.pid = holder.pid
    ) as held_by,
    (
      select min(holding.xact_start)
      from unnest(pg_blocking_pids(pg_locks.pid)) as holder (pid)
      join pg_stat_activity as holding on holding.pid = holder.pid
    ) as held_since,
    pg_locks.waitstart
  from pg_stat_activity
  join pg_locks on pg_locks.pid = pg_stat_activity.pid and not pg_locks.granted
  where pg_stat_activity.datname = current_database()
    and pg_stat_activity.application_name like 'footfall %'
)
select
  builds.projection,
  builds.build,
  case
    when failures.sql_state = 'FF010' then 'schema_version'
    when failures.position is not null then 'event'
    when failures.build is not null then 'error'
    when waits.pid is not null then 'lock'
    else 'no_process'
  end as reason,
  case
    when failures.build is not null then failures.failed_at
    -- Since the transaction in its way began: a session that waits for long is replaced by another.
    when waits.pid is not null then greatest(builds.updated_at, coalesce(waits.held_since, waits.waitstart))
    when state = 'active' then coalesce(runners.ended_at, runners.seen_at, builds.updated_at)
    else builds.updated_at
  end as since,
  failures.position,
  failures.type,
  failures.stream,
  failures.sql_state,
  failures.error,
  case when failures.build is null then waits.pid end as pid,
  case when failures.build is null then waits.mode end as lock_mode,
  case when failures.build is null then waits.object end as lock_object,
  case when failures.build is null then waits.held_by end as held_by,
  case when failures.build is null and waits.pid is null then runners.process end as last_process
from read.projections as builds
left join projection_failures as failures using (build)
left join projection_runners as runners on runners.projection = builds.projection and builds.state = 'active'
left join lateral (
  select * from waits
  where waits.application_name = case builds.state
    when 'active' then 'footfall projection ' || builds.projection
    else 'footfall rebuild ' || builds.projection
  end
  limit 1
) as waits on true
where builds.state in ('building', 'indexing', 'active') and (builds.lag <> 0 or failures.build is not null)
  and (failures.build is not null or waits.pid is not null or not builds.is_running);
