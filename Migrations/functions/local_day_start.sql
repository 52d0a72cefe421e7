-- The first instant of the run of one local date that holds an instant.
create or replace function local_day_start(p_instant timestamptz, p_zone text)
returns timestamptz language plpgsql stable parallel safe as $$
declare
  v_quarter timestamptz := quarter_hour(p_instant);
  v_local timestamp := v_quarter at time zone p_zone;
  v_day timestamp := date_trunc('day', v_local);
  v_first timestamptz := quarter_hour_from(v_quarter - (v_local - v_day));
begin
  -- Where the clocks have not changed since midnight, that is all.
  if v_local - v_first at time zone p_zone = v_quarter - v_first
    and date_trunc('day', (v_first - interval '15 minutes') at time zone p_zone) <> v_day
  then
    return v_first;
  end if;
  v_first := v_quarter;
  while date_trunc('day', (v_first - interval '15 minutes') at time zone p_zone) = v_day loop
    v_first := v_first - interval '15 minutes';
  end loop;
  return v_first;
end
$$;
