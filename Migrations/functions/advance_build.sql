-- Applies the next events, at most p_limit of them, to a build: in the caller's transaction with its checkpoint, so
-- that each event counts exactly once whatever crashes. A range ends before an event that the projection skips, which
-- is a range of its own, passed without being applied.
-- State 'archived': nothing was applied, since the next events are archived and the caller has not loaded them into
-- archived_events (in the same transaction).
create or replace function advance_build(
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
  perform pg_advisory_xact_lock_shared(lock_space('skips'), hashtext(v_projection));
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
