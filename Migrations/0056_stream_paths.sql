-- What follows the host in a stream's URL is a secret, like its user and password, unless it is known to be none. Events
-- hold the mask /*** and the id of the secret from here on; those of before hold it in clear, and show the mask too.

alter table camera_secrets drop constraint camera_secrets_purpose_check;
alter table camera_secrets add constraint camera_secrets_purpose_check
  check (purpose in ('stream_credentials', 'stream_path', 'security_config'));

-- What is known to be harmless of a path and query, as StreamPath.harmlessPattern in Sources/Counting says it.
create function harmless_stream_path_pattern() returns text language sql immutable parallel safe as $$
  with lists as (
    select
      'aac|all|amp|asf|audio|av|avc|avi|avstream|axis|bin|cam|camera|cameras|cams|cgi|ch|channel|channels|'
      || 'chn|cif|def|default|defaultprimary|defaultsecondary|false|fhd|first|flv|g|h|hd|hevc|high|hls|http|'
      || 'image|images|img|ipcam|isapi|jpeg|jpg|live|low|main|mainstream|media|mediainput|medium|minor|mjpeg|'
      || 'mjpg|motion|mp|mpeg|mpg|multicast|mux|no|nph|nphmotionjpeg|off|on|onvif|p|play|preview|primary|'
      || 'profile|profiles|psia|qcif|qvga|realmonitor|rtp|rtpav|rtsp|sav|sd|sdp|second|secondary|snap|'
      || 'snapshot|stream|streamer|streaming|streams|sub|substream|tcp|third|track|trackid|true|ts|udp|'
      || 'ufirststream|uhd|unicast|usecondstream|vga|video|videomain|videos|videostream|videosub|view|viewer|'
      || 'x|yes' as words,
      'cam|camera|ch|channel|codec|compression|fps|framerate|height|profile|proto|quality|res|resolution|'
      || 'size|stream|streamtype|subtype|trackid|transport|transportmode|unicast|videocodec|width' as names
  ),
  tokens as (
    select names, '(?:(?:' || words || ')(?![a-z])|[0-9]{1,4}(?![0-9]))' as token from lists
  ),
  segments as (
    select names, token || '(?:[-_.]?' || token || ')*' as segment from tokens
  ),
  pairs as (
    select segment, '(?:' || names || ')=' || segment as pair from segments
  )
  select
    '^(?!(?:[^0-9]*[0-9]){13})(?:/[a-z0-9]{0,2}|(?:/' || segment || ')+/?(?:[?]' || pair || '(?:&' || pair || ')*)?)$'
  from pairs
$$;

-- The scheme and authority of a stream's URL without credentials: all that comes before its path.
create function stream_url_origin(p_url text) returns text language sql immutable parallel safe as $$
  select substring(p_url from '^[^:]*://[^/?#]*')
$$;

-- The path and query of a stream's URL where not everybody may see them; null where there is nothing to hide.
create function hidden_stream_path(p_url text) returns text language plpgsql immutable parallel safe as $$
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

-- A stream's URL without credentials, as everybody may see it.
create function shown_stream_url(p_url text) returns text language sql immutable parallel safe as $$
  select case when hidden_stream_path(p_url) is null then p_url else stream_url_origin(p_url) || '/***' end
$$;

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
