-- Makes partitions of events until they reach position p_to.
-- A partition is made apart and then attached, which lets readers and writers of the others go on.
-- Needs: refuse_change
create or replace function extend_event_partitions(p_to bigint) returns void language plpgsql as $$
declare
  v_size bigint;
  v_from bigint;
  v_name text;
begin
  select partition_size, partitioned_to into v_size, v_from from log_head for update;
  while v_from < p_to loop
    v_name := format('events_%s', lpad((v_from / v_size + 1)::text, 6, '0'));
    execute format('create table %I (like events including all)', v_name);
    execute format(
      'create trigger events_stay before truncate on %I for each statement execute function refuse_change()', v_name);
    execute format(
      'alter table events attach partition %I for values from (%s) to (%s)', v_name, v_from + 1, v_from + v_size + 1);
    v_from := v_from + v_size;
  end loop;
  update log_head set partitioned_to = v_from;
end
$$;

-- The first one, where there is none yet.
select extend_event_partitions(1);
