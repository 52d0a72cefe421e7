-- Builds of read models, their checkpoints, and the schema through which readers see the active ones.

create schema read;

-- One row a build: one filling of a read model, in a schema of its own.
create table projection_builds (
  build bigint generated always as identity primary key,
  projection text not null,
  -- SHA-256 of the SQL that made the build, in hexadecimal.
  definition text not null,
  -- That SQL, by file name.
  sources jsonb not null,
  state text not null check (state in ('building', 'active', 'retired')),
  -- Whether indexes.sql has been run.
  indexed boolean not null default false,
  created_at timestamptz not null default clock_timestamp(),
  activated_at timestamptz
);

create unique index projection_builds_active on projection_builds (projection) where state = 'active';
create unique index projection_builds_building on projection_builds (projection) where state = 'building';

-- One row a build that is fed: the last position that its tables reflect.
create table projection_checkpoints (
  build bigint primary key references projection_builds (build) on delete cascade,
  position bigint not null,
  updated_at timestamptz not null default clock_timestamp()
) with (fillfactor = 50);

-- How far what readers see has come, one row a projection.
create view read.checkpoints as
select projection_builds.projection, projection_checkpoints.position
from projection_builds
join projection_checkpoints using (build)
where projection_builds.state = 'active';

-- Every build there is, one row each; lag counts the events that it has yet to apply.
create view read.projections as
select
  projection_builds.projection,
  projection_builds.build,
  projection_builds.state,
  projection_builds.definition,
  projection_checkpoints.position,
  log_head.position - projection_checkpoints.position as lag,
  log_head.position as head,
  projection_builds.created_at,
  projection_builds.activated_at,
  projection_checkpoints.updated_at
from projection_builds
join projection_checkpoints using (build)
cross join log_head;

create function build_schema(p_projection text, p_build bigint) returns text language sql immutable as $$
  select p_projection || '_b' || p_build
$$;

-- Applies the next events, at most p_limit of them, to a build: in the caller's transaction with its checkpoint, so
-- that each event counts exactly once whatever crashes.
-- State 'archived': nothing was applied, since the next events are archived and the caller has not loaded them into
-- archived_events (in the same transaction).
create function advance_build(
  p_build bigint, p_limit bigint, out state text, out from_position bigint, out to_position bigint, out head bigint
) language plpgsql as $$
declare
  v_projection text;
  v_archived_to bigint;
begin
  -- No partition comes or goes until this transaction ends.
  perform pg_advisory_xact_lock_shared(archive_lock());
  select projection_checkpoints.position into from_position
  from projection_checkpoints where projection_checkpoints.build = p_build for update;
  select projection_builds.state, projection_builds.projection into state, v_projection
  from projection_builds where projection_builds.build = p_build;
  if from_position is null or state = 'retired' then
    state := 'retired';
    return;
  end if;
  select log_head.position, log_head.archived_to into head, v_archived_to from log_head;
  if from_position > head then
    raise exception 'projection % has applied events up to position %, but the log ends at position %',
      v_projection, from_position, head
    using
      errcode = 'data_exception',
      hint = 'The log went back to an earlier state, as after restoring an older backup. Rebuild the projection.';
  end if;
  to_position := from_position + least(head - from_position, p_limit);
  if from_position < v_archived_to and to_position > from_position then
    to_position := least(to_position, v_archived_to);
    if to_position - from_position <> (
      select count(*) from archived_events where position > from_position and position <= to_position
    ) then
      state := 'archived';
      return;
    end if;
  end if;
  if to_position > from_position then
    perform set_config('footfall.after', from_position::text, true), set_config('footfall.upto', to_position::text, true);
    execute format('select %I.apply()', build_schema(v_projection, p_build));
    update projection_checkpoints set position = to_position, updated_at = clock_timestamp()
    where projection_checkpoints.build = p_build;
    perform pg_notify('footfall_projections', v_projection);
  end if;
end
$$;

-- Makes a build the one that readers see, and retires the one before it: in the caller's transaction.
-- Readers never see the read model go back: the build is first brought to where the other one stands.
create function activate_build(p_build bigint) returns void language plpgsql as $$
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
  if v_reached > (select position from projection_checkpoints where build = p_build) then
    perform advance_build(p_build, v_reached - (select position from projection_checkpoints where build = p_build));
  end if;
  if v_reached > (select position from projection_checkpoints where build = p_build) then
    raise exception 'build % has not come to position %, where readers are', p_build, v_reached
    using errcode = 'object_not_in_prerequisite_state';
  end if;

  update projection_builds set state = 'retired' where projection = v_projection and state = 'active';
  update projection_builds set state = 'active', activated_at = clock_timestamp() where build = p_build;

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
