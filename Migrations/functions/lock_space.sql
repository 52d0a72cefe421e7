-- The first half of the key of an advisory lock, by the name that LockSpace (Sources/Postgres/LockRegistry.swift) gives it.
create or replace function lock_space(p_name text) returns integer language plpgsql immutable parallel safe as $$
begin
  case p_name
    when 'projections' then return x'466F6F74'::integer;
    when 'builds' then return x'466F6F75'::integer;
    when 'definitions' then return x'466F6F78'::integer;
    when 'choices' then return x'466F6F79'::integer;
    when 'skips' then return x'466F6F7A'::integer;
    when 'reactions' then return x'466F6F81'::integer;
    when 'reaction_skips' then return x'466F6F82'::integer;
  end case;
end
$$;
