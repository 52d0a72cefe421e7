-- What was recorded stays as it was recorded. Partitions take over the row trigger when they are attached, but not the
-- one against TRUNCATE, which extend_event_partitions gives them.
create or replace function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% of % is refused: what was recorded is never changed', tg_op, tg_table_name
  using errcode = 'restrict_violation';
end
$$;

create or replace trigger events_never_change before update or delete on events
for each row execute function refuse_change();
create or replace trigger events_stay before truncate on events
for each statement execute function refuse_change();

create or replace trigger segments_never_change
before delete or update of segment, first_position, last_position, previous_hash, hash on segments
for each row execute function refuse_change();
create or replace trigger segments_stay before truncate on segments
for each statement execute function refuse_change();

create or replace trigger seals_never_change before update or delete on seals
for each row execute function refuse_change();
create or replace trigger seals_stay before truncate on seals
for each statement execute function refuse_change();

create or replace trigger tree_nodes_never_change before update or delete on tree_nodes
for each row execute function refuse_change();
create or replace trigger tree_nodes_stay before truncate on tree_nodes
for each statement execute function refuse_change();
