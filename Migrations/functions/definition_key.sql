-- The second half of the key of the advisory lock (definitions) of a projection's definition.
create or replace function definition_key(p_projection text, p_definition text) returns integer language sql immutable as $$
  select hashtext(p_projection || ' ' || p_definition)
$$;
