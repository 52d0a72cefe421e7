-- Drops the first partition that is left, which holds the positions up to p_to. The caller has verified the files of
-- all its segments.
create or replace function drop_archived_partition(p_to bigint) returns void language plpgsql as $$
declare
  v_size bigint;
  v_from bigint;
  v_head bigint;
  v_name text;
begin
  perform pg_advisory_xact_lock(archive_lock());
  -- In the order in which an append takes its locks.
  select partition_size, archived_to, position into v_size, v_from, v_head from log_head for update;
  v_name := format('events_%s', lpad((v_from / v_size + 1)::text, 6, '0'));
  if p_to <> v_from + v_size or p_to > v_head then
    raise exception 'position % is not the end of the first full partition, %', p_to, v_name
    using errcode = 'object_not_in_prerequisite_state';
  end if;
  if v_size <> (
    select sum(last_position - first_position + 1)
    from segments
    where first_position > v_from and last_position <= p_to and file is not null
  ) then
    raise exception 'partition % has segments that are not archived', v_name
    using errcode = 'object_not_in_prerequisite_state';
  end if;
  execute format('alter table events detach partition %I', v_name);
  execute format('drop table %I', v_name);
  update log_head set archived_to = p_to;
end
$$;
