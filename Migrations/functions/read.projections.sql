-- Every build there is, one row each; lag counts the events that it has yet to apply.
-- State: building, indexing, active or retired. Of a build that a session fills: rate is how many events it applies a
-- second, and seconds_left how long that takes it to the end of the log.
-- Needs: is_lock_held, lock_space
create or replace view read.projections as
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
    when 'active' then is_lock_held(lock_space('projections'), hashtext(projection_builds.projection))
    else is_lock_held(lock_space('builds'), projection_builds.build::integer)
  end as is_running
from projection_builds
join projection_checkpoints using (build)
cross join log_head
left join lateral (
  select projection_builds.rate
  where projection_builds.state = 'building' and is_lock_held(lock_space('builds'), projection_builds.build::integer)
) as filling on true;
