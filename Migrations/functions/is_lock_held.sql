-- Whether some session of this database holds the lock.
create or replace function is_lock_held(p_space integer, p_key integer) returns boolean language sql stable as $$
  select exists (
    select
    from pg_locks
    where locktype = 'advisory' and granted and objsubid = 2
      and database = (select oid from pg_database where datname = current_database())
      and classid = p_space::oid and objid::bigint = p_key::bigint & 4294967295
  )
$$;
