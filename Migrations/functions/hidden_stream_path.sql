-- The path and query of a stream's URL where not everybody may see them; null where there is nothing to hide.
create or replace function hidden_stream_path(p_url text) returns text language plpgsql immutable parallel safe as $$
declare
  v_path text := substr(p_url, length(stream_url_origin(p_url)) + 1);
begin
  if v_path is null or p_url like 'file:%' or v_path in ('', '/', '/***') then
    return null;
  elsif p_url !~ '^rtmps?:' and octet_length(v_path) <= 200 and v_path ~ '^[\x01-\x7f]*$'
    and lower(v_path collate "C") ~ harmless_stream_path_pattern()
  then
    return null;
  end if;
  return v_path;
end
$$;
