-- Records, as an event of the stream projection-…, that a projection leaves out the event at which it has stopped.
-- outcome: 'skipped' (at: the position of the new event), 'skipped_before' (at: that of the one which did it),
-- 'applied' (nothing is done: the build whose id is at has applied the event), 'not_stopped' (nothing is done: no build
-- of the projection has stopped at the event with the error that p_data names).
create or replace function skip_projection_event(
  p_projection text, p_position bigint, p_data jsonb, p_actor text, out outcome text, out at bigint
) language plpgsql as $$
begin
  -- No build of the projection moves until this transaction ends.
  perform pg_advisory_xact_lock(lock_space('skips'), hashtext(p_projection));
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
  at := append_event('projection-' || p_projection, 'ProjectionEventSkipped', p_data, p_actor);
  insert into projection_skips (projection, position, skipped_by) values (p_projection, p_position, at);
  perform pg_notify('footfall_builds', p_projection);
end
$$;
