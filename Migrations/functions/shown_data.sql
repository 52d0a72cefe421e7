-- An event's data as everybody may see it: credentials of older events and what follows the host in their streams' URLs
-- are left out, and what is encrypted shows only that it is there.
create or replace function shown_data(p_data jsonb) returns jsonb language sql immutable parallel safe as $$
  select case
    when p_data ?| array['frame_data', 'sealed_frame_data']
      then (p_data - array['frame_data', 'sealed_frame_data', 'stream_credentials']) || '{"frame_data": "***"}'
    when p_data ? 'stream_url'
      then (p_data - 'stream_credentials')
        || jsonb_build_object('stream_url', shown_stream_url(p_data ->> 'stream_url'))
    else p_data - 'stream_credentials'
  end
$$;
