-- The length of ranges of time, in milliseconds; 0 of none.
create or replace function milliseconds(p_ranges tstzmultirange) returns bigint language sql immutable parallel safe as $$
  select coalesce(sum(round(1000 * extract(epoch from upper(range) - lower(range)))), 0)::bigint
  from unnest(p_ranges) as ranges (range)
$$;
