-- Decides under which definition a projection is kept, where processes of several releases run side by side:
-- a definition that was never there is chosen at once, so that a new release takes over as soon as its first process
-- runs; one that was chosen before only when p_take_over, and when no process runs any more that has the chosen one.
-- So releases never take the projection from each other in turns, and rolling back takes effect as soon as the last
-- process of the newer release has ended.
-- A tool (p_is_tool) goes along with the processes that run: it chooses its own only where none runs.
-- A build under another definition than the one that is chosen is given up.
create or replace function choose_definition(
  p_projection text, p_definition text, p_take_over boolean, p_is_tool boolean, out chosen text, out is_orphaned boolean
) language plpgsql as $$
declare
  v_choice bigint;
begin
  perform pg_advisory_xact_lock(lock_space('choices'), hashtext(p_projection));
  select definition, choice into chosen, v_choice
  from projection_definitions where projection = p_projection order by choice desc limit 1;
  is_orphaned := chosen is not null and not is_lock_held(lock_space('definitions'), definition_key(p_projection, chosen));
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
