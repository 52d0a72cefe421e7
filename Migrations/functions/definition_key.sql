-- The second half of the key of the advisory lock that processes of a release hold, shared, for a definition that it has.
create or replace function definition_key(p_projection text, p_definition text) returns integer language sql immutable as $$
  select hashtext(p_projection || ' ' || p_definition)
$$;
