-- Who keeps others waiting: sessions that hold a lock in the way of appends or of read models for a second or longer, the
-- one whose transaction is the oldest first. Made from the server's own views, so it waits for no lock itself; what the
-- role may not see of other sessions is null.
create or replace function blocking_sessions(
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
