-- The first instant after the run of one local date that holds an instant.
create or replace function local_day_end(p_instant timestamptz, p_zone text)
returns timestamptz language plpgsql stable parallel safe as $$
declare
  v_quarter timestamptz := quarter_hour(p_instant);
  v_local timestamp := v_quarter at time zone p_zone;
  v_day timestamp := date_trunc('day', v_local);
  v_end timestamptz := quarter_hour_from(v_quarter + (v_day + interval '24 hours' - v_local));
  v_last timestamptz := v_end - interval '15 minutes';
begin
  if v_last at time zone p_zone - v_local = v_last - v_quarter
    and date_trunc('day', v_end at time zone p_zone) <> v_day
  then
    return v_end;
  end if;
  v_end := v_quarter;
  loop
    v_end := v_end + interval '15 minutes';
    exit when date_trunc('day', v_end at time zone p_zone) <> v_day;
  end loop;
  return v_end;
end
$$;
