-- Brings back the last partition that was dropped, under the name p_table, which the caller has made like events and
-- filled from verified files.
create or replace function attach_restored_partition(p_table text) returns void language plpgsql as $$
declare
  v_size bigint;
  v_to bigint;
  v_name text;
begin
  perform pg_advisory_xact_lock(archive_lock());
  select partition_size, archived_to into v_size, v_to from log_head for update;
  v_name := format('events_%s', lpad((v_to / v_size)::text, 6, '0'));
  execute format('alter table %I rename to %I', p_table, v_name);
  execute format(
    'create trigger events_stay before truncate on %I for each statement execute function refuse_change()', v_name);
  execute format(
    'alter table events attach partition %I for values from (%s) to (%s)', v_name, v_to - v_size + 1, v_to + 1);
  update log_head set archived_to = v_to - v_size;
end
$$;
