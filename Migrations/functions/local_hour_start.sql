-- The first instant of the hour that holds an instant. It has four quarters at most.
create or replace function local_hour_start(p_instant timestamptz, p_zone text)
returns timestamptz language plpgsql stable parallel safe as $$
declare
  v_first timestamptz := quarter_hour(p_instant);
  v_local timestamp := v_first at time zone p_zone;
  v_hour timestamp := date_trunc('hour', v_local);
begin
  -- Where the clocks have not changed since the hour began, that is all.
  if (v_first - (v_local - v_hour)) at time zone p_zone = v_hour
    and v_first - (v_local - v_hour) = quarter_hour(v_first - (v_local - v_hour))
  then
    return v_first - (v_local - v_hour);
  end if;
  loop
    v_local := v_local - interval '15 minutes';
    exit when v_local < v_hour or (v_first - interval '15 minutes') at time zone p_zone <> v_local;
    v_first := v_first - interval '15 minutes';
  end loop;
  return v_first;
end
$$;
