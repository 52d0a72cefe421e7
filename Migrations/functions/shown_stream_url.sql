-- A stream's URL without credentials, as everybody may see it.
create or replace function shown_stream_url(p_url text) returns text language sql immutable parallel safe as $$
  select case when hidden_stream_path(p_url) is null then p_url else stream_url_origin(p_url) || '/***' end
$$;
