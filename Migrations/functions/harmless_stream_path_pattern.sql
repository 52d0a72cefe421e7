-- What is known to be harmless of a path and query, as StreamPath.harmlessPattern in Sources/Counting says it.
create or replace function harmless_stream_path_pattern() returns text language sql immutable parallel safe as $$
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
