-- Builds of read models, their checkpoints, and the schema through which readers see the active ones.

create schema read;

-- Finds the events of types that are seldom, for projections that read those only: at 2.7 million events, of which one
-- in 64 changes a camera, a rebuild of camera_state takes a tenth of the time. Readings and heartbeats, which nearly all
-- events are, stay out of it, so that it costs appends next to nothing.
create index events_seldom on events (type, position)
where type <> 'CountReadingRecorded' and type <> 'HeartbeatRecorded';

-- One row a build: one filling of a read model, in a schema of its own.
create table projection_builds (
  build bigint generated always as identity primary key,
  projection text not null,
  -- SHA-256 of the SQL that made the build, in hexadecimal.
  definition text not null,
  -- That SQL, by file name.
  sources jsonb not null,
  state text not null check (state in ('building', 'active', 'retired', 'scratch')),
  -- Since when indexes.sql has been run; null before and while events are applied again.
  indexing_since timestamptz,
  -- Whether indexes.sql has been run.
  indexed boolean not null default false,
  -- How much of the time whoever fills the build applies events, in percent; the rest it rests.
  throttle smallint not null default 100 check (throttle between 1 and 100),
  -- Events applied a second of late, rests included; null until that is known.
  rate double precision,
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

-- One row a build that cannot go on, for all processes and tools to see; gone as soon as it does go on.
create table projection_failures (
  build bigint primary key references projection_builds (build) on delete cascade,
  -- The event that the build's SQL cannot take, the next after its checkpoint; null where the fault is not an event's.
  position bigint,
  type text,
  stream text,
  sql_state text,
  -- The server's message; never its detail, which shows rows.
  error text not null,
  failed_at timestamptz not null default clock_timestamp(),
  check ((position is null) = (type is null)),
  check ((position is null) = (stream is null))
);

-- Events that a projection leaves out, one row each: written by skip_projection_event alone.
-- At the time of the skip no build of the projection had applied the event, and none does from then on, whatever its
-- SQL: so all builds of a projection leave out the same events, and a rebuild still equals live.
create table projection_skips (
  projection text not null,
  position bigint not null,
  -- The ProjectionEventSkipped that says who skipped it and why.
  skipped_by bigint not null,
  primary key (projection, position)
);

-- One row a projection that was ever applied: the process that applies it, or did last.
-- Whether it does at this moment is said by its session's advisory lock, see read.projections.
create table projection_runners (
  projection text primary key,
  -- host:pid
  process text not null,
  began_at timestamptz not null default clock_timestamp(),
  -- Renewed every few seconds.
  seen_at timestamptz not null default clock_timestamp(),
  -- When it gave the projection up in order; null where it has not, or was killed.
  ended_at timestamptz
) with (fillfactor = 50);
-- A rebuild that was asked for and that no process has begun yet.
create table projection_rebuilds (
  projection text primary key,
  throttle smallint not null check (throttle between 1 and 100),
  requested_at timestamptz not null default clock_timestamp()
);

-- One row for each definition under which a projection was ever kept. The one with the greatest choice is that under
-- which it is kept now: see choose_definition.
create table projection_definitions (
  projection text not null,
  -- SHA-256 of its SQL, in hexadecimal.
  definition text not null,
  choice bigint not null,
  chosen_at timestamptz not null default clock_timestamp(),
  primary key (projection, definition),
  unique (projection, choice)
);

-- Advisory locks are how sessions know of each other; their first keys say of what:
--   1181708148 with the hash of a projection: applies its active build
--   1181708149 with a build's number: fills, indexes or drops that build
--   1181708150: seals and archives the log (0004_segments.sql)
--   1181708151: may apply projections, and takes its share of them
--   1181708152 with the hash of projection and definition, shared: belongs to a process of a release that has that
--     definition
--   1181708153 with the hash of a projection: chooses its definition
--   1181708154 with the hash of a projection: skips one of its events, or applies events (shared)
--   1181708155: compares a camera's rows with its events now and again

create function definition_key(p_projection text, p_definition text) returns integer language sql immutable as $$
  select hashtext(p_projection || ' ' || p_definition)
$$;

-- Whether some session of this database holds the lock.
create function is_lock_held(p_space integer, p_key integer) returns boolean language sql stable as $$
  select exists (
    select
    from pg_locks
    where locktype = 'advisory' and granted and objsubid = 2
      and database = (select oid from pg_database where datname = current_database())
      and classid = p_space::oid and objid::bigint = p_key::bigint & 4294967295
  )
$$;

-- Decides under which definition a projection is kept, where processes of several releases run side by side:
-- a definition that was never there is chosen at once, so that a new release takes over as soon as its first process
-- runs; one that was chosen before only when p_take_over, and when no process runs any more that has the chosen one.
-- So releases never take the projection from each other in turns, and rolling back takes effect as soon as the last
-- process of the newer release has ended.
-- A tool (p_is_tool) goes along with the processes that run: it chooses its own only where none runs.
-- A build under another definition than the one that is chosen is given up.
create function choose_definition(
  p_projection text, p_definition text, p_take_over boolean, p_is_tool boolean, out chosen text, out is_orphaned boolean
) language plpgsql as $$
declare
  v_choice bigint;
begin
  perform pg_advisory_xact_lock(1181708153, hashtext(p_projection));
  select definition, choice into chosen, v_choice
  from projection_definitions where projection = p_projection order by choice desc limit 1;
  is_orphaned := chosen is not null and not is_lock_held(1181708152, definition_key(p_projection, chosen));
  if chosen is distinct from p_definition and (
    (is_orphaned and p_take_over)
    or chosen is null
    or not p_is_tool and not exists (
      select from projection_definitions where projection = p_projection and definition = p_definition
    )
  ) then
    insert into projection_definitions (projection, definition, choice)
    values (p_projection, p_definition, coalesce(v_choice, 0) + 1)
    on conflict (projection, definition) do update set choice = excluded.choice, chosen_at = clock_timestamp();
    chosen := p_definition;
    is_orphaned := false;
  end if;
  if chosen = p_definition then
    update projection_builds set state = 'retired'
    where projection = p_projection and state = 'building' and definition <> p_definition;
  end if;
end
$$;

-- How far what readers see has come, one row a projection.
create view read.checkpoints as
select projection_builds.projection, projection_checkpoints.position
from projection_builds
join projection_checkpoints using (build)
where projection_builds.state = 'active';

-- Every build there is, one row each; lag counts the events that it has yet to apply.
-- State: building, indexing, active or retired. Of a build that a session fills: rate is how many events it applies a
-- second, and seconds_left how long that takes it to the end of the log.
create view read.projections as
select
  projection_builds.projection,
  projection_builds.build,
  case
    when projection_builds.state = 'building' and projection_builds.indexing_since is not null then 'indexing'
    else projection_builds.state
  end as state,
  projection_builds.definition,
  projection_checkpoints.position,
  log_head.position - projection_checkpoints.position as lag,
  log_head.position as head,
  case
    when log_head.position = 0 then 100
    else floor(1000.0 * projection_checkpoints.position / log_head.position) / 10
  end::double precision as percent,
  filling.rate,
  case
    when filling.rate > 0 then (log_head.position - projection_checkpoints.position) / filling.rate
  end as seconds_left,
  case when projection_builds.state = 'building' then projection_builds.throttle end as throttle,
  projection_builds.created_at,
  projection_builds.activated_at,
  projection_checkpoints.updated_at,
  -- Whether a process applies it (active) or fills it (building) at this moment: its session holds the lock that says so.
  case projection_builds.state
    when 'active' then is_lock_held(1181708148, hashtext(projection_builds.projection))
    else is_lock_held(1181708149, projection_builds.build::integer)
  end as is_running
from projection_builds
join projection_checkpoints using (build)
cross join log_head
left join lateral (
  select projection_builds.rate
  where projection_builds.state = 'building' and is_lock_held(1181708149, projection_builds.build::integer)
) as filling on true;

-- Why a build does not move although there are events that it has yet to apply, one row each; a build that moves, or
-- has nothing to do, has none.
-- reason: 'event' (position, type, stream: its SQL cannot take the event), 'error' (it fails otherwise), 'no_process'
-- (no process applies it, or fills it), 'lock' (its session waits for what other sessions hold).
create view read.projection_stalls as
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
    ) as held_by
  from pg_stat_activity
  join pg_locks on pg_locks.pid = pg_stat_activity.pid and not pg_locks.granted
  where pg_stat_activity.datname = current_database()
    and pg_stat_activity.application_name like 'footfall %'
)
select
  builds.projection,
  builds.build,
  case
    when failures.position is not null then 'event'
    when failures.build is not null then 'error'
    when waits.pid is not null then 'lock'
    else 'no_process'
  end as reason,
  case
    when failures.build is not null then failures.failed_at
    -- Since the next event was there to be applied: a session that waits for long is replaced by another.
    when waits.pid is not null then greatest(
      builds.updated_at, (select recorded_at from events where events.position = builds.position + 1))
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

create function build_schema(p_projection text, p_build bigint) returns text language sql immutable as $$
  select p_projection || '_b' || p_build
$$;

-- The first half of the key of the advisory lock that is held, shared, while events are applied to a build of a
-- projection, and exclusively while one is skipped; the second half is hashtext(projection).
create function skip_lock() returns int language sql immutable parallel safe as $$ select 1181708154 $$;

-- Applies the next events, at most p_limit of them, to a build: in the caller's transaction with its checkpoint, so
-- that each event counts exactly once whatever crashes. A range ends before an event that the projection skips, which
-- is a range of its own, passed without being applied.
-- State 'archived': nothing was applied, since the next events are archived and the caller has not loaded them into
-- archived_events (in the same transaction).
create function advance_build(
  p_build bigint, p_limit bigint, out state text, out from_position bigint, out to_position bigint, out head bigint
) language plpgsql as $$
declare
  v_projection text;
  v_archived_to bigint;
  v_skip bigint;
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
      errcode = 'object_not_in_prerequisite_state',
      hint = 'The log went back to an earlier state, as after restoring an older backup. Rebuild the projection.';
  end if;
  to_position := from_position + least(head - from_position, p_limit);
  perform pg_advisory_xact_lock_shared(skip_lock(), hashtext(v_projection));
  select min(projection_skips.position) into v_skip
  from projection_skips
  where projection_skips.projection = v_projection
    and projection_skips.position > from_position and projection_skips.position <= to_position;
  if v_skip is not null then
    to_position := greatest(v_skip - 1, from_position + 1);
  end if;
  if from_position < v_archived_to and to_position > from_position and v_skip is distinct from to_position then
    to_position := least(to_position, v_archived_to);
    if to_position - from_position <> (
      select count(*) from archived_events where position > from_position and position <= to_position
    ) then
      state := 'archived';
      return;
    end if;
  end if;
  if to_position > from_position then
    if v_skip is distinct from to_position then
      perform
        set_config('footfall.after', from_position::text, true), set_config('footfall.upto', to_position::text, true);
      execute format('select %I.apply()', build_schema(v_projection, p_build));
    end if;
    update projection_checkpoints set position = to_position, updated_at = clock_timestamp()
    where projection_checkpoints.build = p_build;
    delete from projection_failures where projection_failures.build = p_build;
    perform pg_notify('footfall_projections', v_projection);
  end if;
end
$$;

-- Records, as an event of the stream projection-…, that a projection leaves out the event at which it has stopped.
-- outcome: 'skipped' (at: the position of the new event), 'skipped_before' (at: that of the one which did it),
-- 'applied' (nothing is done: the build whose id is at has applied the event), 'not_stopped' (nothing is done: no build
-- of the projection has stopped at the event with the error that p_data names).
create function skip_projection_event(
  p_projection text, p_position bigint, p_data jsonb, p_metadata jsonb, out outcome text, out at bigint
) language plpgsql as $$
declare
  v_stream text := 'projection-' || p_projection;
begin
  -- No build of the projection moves until this transaction ends.
  perform pg_advisory_xact_lock(skip_lock(), hashtext(p_projection));
  select 'skipped_before', skipped_by into outcome, at
  from projection_skips where projection = p_projection and position = p_position;
  if found then
    return;
  end if;
  select 'applied', build into outcome, at
  from projection_builds join projection_checkpoints using (build)
  where projection = p_projection and state <> 'retired' and projection_checkpoints.position >= p_position
  order by build limit 1;
  if found then
    return;
  end if;
  if not exists (
    select from projection_failures join projection_builds using (build)
    where projection = p_projection and state <> 'retired' and projection_failures.position = p_position
      and projection_failures.error = p_data ->> 'error'
  ) then
    outcome := 'not_stopped';
    return;
  end if;
  outcome := 'skipped';
  select first_positions[1] into at
  from append_events(
    array[v_stream], array[1], array[-2], array[0], array[0], array[1], '{}', '{}', '{}', '{}', '{}', '{}',
    array[1], array[v_stream], array['ProjectionEventSkipped'], array[1::smallint], array[p_data], array[p_metadata]);
  insert into projection_skips (projection, position, skipped_by) values (p_projection, p_position, at);
  perform pg_notify('footfall_builds', p_projection);
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
