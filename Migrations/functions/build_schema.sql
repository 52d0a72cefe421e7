-- The schema that holds the tables of a build.
create or replace function build_schema(p_projection text, p_build bigint) returns text language sql immutable as $$
  select p_projection || '_b' || p_build
$$;
