-- The first quarter hour from which on the zone's clocks show p_local or later, for good. Of a date that the zone left
-- out, the next one begins there too.
create or replace function local_start(p_local timestamp, p_zone text)
returns timestamptz language plpgsql stable parallel safe as $$
declare
  v_near timestamptz := p_local at time zone p_zone;
  v_first timestamptz := quarter_hour_from(v_near);
  -- More than clocks were ever set back or forward by.
  v_after timestamptz := v_first + interval '27 hours';
  v_before timestamptz := v_first - interval '27 hours';
begin
  if v_after at time zone p_zone - v_before at time zone p_zone = interval '54 hours'
    and v_first at time zone p_zone - p_local = v_first - v_near
  then
    return v_first;
  end if;
  while (v_after - interval '15 minutes') at time zone p_zone >= p_local loop
    v_after := v_after - interval '15 minutes';
  end loop;
  return v_after;
end
$$;
