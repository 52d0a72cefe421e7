-- The scheme and authority of a stream's URL without credentials: all that comes before its path.
create or replace function stream_url_origin(p_url text) returns text language sql immutable parallel safe as $$
  select substring(p_url from '^[^:]*://[^/?#]*')
$$;
