-- Makes a build the one that readers see, and retires the one before it: in the caller's transaction.
-- Readers never see the read model go back: the build is first brought to where the other one stands.
create or replace function activate_build(p_build bigint) returns void language plpgsql as $$
declare
  v_projection text;
  v_schema text;
  v_table text;
  v_reached bigint;
begin
  select projection into v_projection from projection_builds where build = p_build and state = 'building' for update;
  if v_projection is null then
    raise exception 'build % is not being built', p_build using errcode = 'object_not_in_prerequisite_state';
  end if;
  v_schema := build_schema(v_projection, p_build);

  select projection_checkpoints.position into v_reached
  from projection_builds join projection_checkpoints using (build)
  where projection_builds.projection = v_projection and projection_builds.state = 'active'
  for update of projection_checkpoints;
  -- Where the log went back, readers are beyond its end, and the build is as far as it can be.
  select least(v_reached, log_head.position) into v_reached from log_head;
  while v_reached > (select position from projection_checkpoints where build = p_build) loop
    exit when (
      select state = 'archived' or to_position = from_position
      from advance_build(p_build, v_reached - (select position from projection_checkpoints where build = p_build)));
  end loop;
  if v_reached > (select position from projection_checkpoints where build = p_build) then
    raise exception 'build % has not come to position %, where readers are', p_build, v_reached
    using errcode = 'object_not_in_prerequisite_state';
  end if;

  update projection_builds set state = 'retired' where projection = v_projection and state = 'active';
  update projection_builds set state = 'active', activated_at = clock_timestamp() where build = p_build;
  delete from projection_failures where build = p_build;

  for v_table in
    select tablename::text from pg_tables where schemaname = v_schema order by tablename
  loop
    begin
      execute format('create or replace view read.%I as select * from %I.%I', v_table, v_schema, v_table);
    exception when invalid_table_definition then
      -- The columns have changed.
      execute format('drop view read.%I', v_table);
      execute format('create view read.%I as select * from %I.%I', v_table, v_schema, v_table);
    end;
  end loop;
  perform pg_notify('footfall_projections', v_projection);
end
$$;
