-- Who keeps others waiting: sessions that hold a lock in the way of appends or of read models for a second or longer, the
-- one whose transaction is the oldest first. Made from the server's own views, so it waits for no lock itself; what the
-- role may not see of other sessions is null.
create function blocking_sessions(
  out pid integer, out application_name text, out state text, out transaction_began_at timestamptz, out query text,
  out lock_object text, out lock_mode text
) returns setof record language sql stable as $$
  select
    holder.pid, holder.application_name, holder.state, holder.xact_start, left(holder.query, 500),
    held.relation::regclass::text, held.mode
  from (
    select distinct on (pg_locks.pid) pg_locks.pid, pg_locks.relation, pg_locks.mode
    from pg_locks
    join pg_class on pg_class.oid = pg_locks.relation
    where pg_locks.locktype = 'relation' and pg_locks.granted and pg_locks.pid <> pg_backend_pid()
      and pg_locks.database = (select oid from pg_database where datname = current_database())
      and pg_class.relkind in ('r', 'p')
      -- Readers are in nobody's way; who writes a row of the log's end, or of a stream, keeps all who append waiting.
      and (
        pg_locks.mode in ('AccessExclusiveLock', 'ExclusiveLock', 'ShareRowExclusiveLock', 'ShareLock')
        or pg_locks.mode in ('RowShareLock', 'RowExclusiveLock')
          and pg_class.relname in ('log_head', 'streams', 'producers', 'projection_checkpoints', 'projection_builds')
      )
    order by pg_locks.pid, pg_class.relname <> 'log_head', pg_locks.mode, pg_class.relname
  ) as held
  join pg_stat_activity as holder on holder.pid = held.pid
  where holder.wait_event_type is distinct from 'Lock'
    and (holder.xact_start is null or holder.xact_start <= clock_timestamp() - interval '1 second')
  order by holder.xact_start, holder.pid
  limit 5
$$;

-- Why a build does not move although there are events that it has yet to apply, one row each; a build that moves, or
-- has nothing to do, has none. It reads the log's end and not the events: who holds a lock on those is to be shown.
-- reason: 'event' (position, type, stream: its SQL cannot take the event), 'schema_version' (the same, since the release
-- does not know the event's), 'error' (it fails otherwise), 'no_process' (no process applies it, or fills it), 'lock' (its
-- session waits for what other sessions hold).
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
