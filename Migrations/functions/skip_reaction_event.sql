-- Records, as an event of the stream reaction-…, that a reaction leaves out the event at which it has stopped, and moves it
-- past that event.
-- outcome: 'skipped' (at: the position of the new event), 'skipped_before' (at: that of the one which did it), 'passed'
-- (nothing is done: the reaction is past the event), 'not_stopped' (nothing is done: it has not stopped at the event with
-- the error that p_data names).
create or replace function skip_reaction_event(
  p_reaction text, p_position bigint, p_data jsonb, p_actor text, out outcome text, out at bigint
) language plpgsql as $$
begin
  -- The event is not tried again until this transaction ends.
  perform pg_advisory_xact_lock(lock_space('reaction_skips'), hashtext(p_reaction));
  select 'skipped_before', skipped_by into outcome, at
  from reaction_skips where reaction = p_reaction and position = p_position;
  if found then
    return;
  end if;
  perform from reactions where reaction = p_reaction and position >= p_position for update;
  if found then
    outcome := 'passed';
    return;
  end if;
  if not exists (
    select from reaction_failures
    where reaction = p_reaction and position = p_position and error = p_data ->> 'error'
  ) then
    outcome := 'not_stopped';
    return;
  end if;
  outcome := 'skipped';
  at := append_event('reaction-' || p_reaction, 'ReactionEventSkipped', p_data, p_actor);
  insert into reaction_skips (reaction, position, skipped_by) values (p_reaction, p_position, at);
  update reactions set position = p_position, updated_at = clock_timestamp() where reaction = p_reaction;
  delete from reaction_failures where reaction = p_reaction;
  perform pg_notify('footfall_reactions', p_reaction);
end
$$;
