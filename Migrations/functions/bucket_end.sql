-- The first instant after the bucket that holds an instant. p_kind: hour, day or week.
create or replace function bucket_end(p_kind text, p_instant timestamptz, p_zone text)
returns timestamptz language plpgsql stable parallel safe as $$
declare
  v_end timestamptz;
  v_local timestamp;
begin
  if p_kind = 'hour' then
    return local_hour_end(p_instant, p_zone);
  end if;
  v_end := local_day_end(p_instant, p_zone);
  if p_kind = 'day' then
    return v_end;
  end if;
  v_local := date_trunc(p_kind, quarter_hour(p_instant) at time zone p_zone);
  while date_trunc(p_kind, v_end at time zone p_zone) = v_local loop
    v_end := local_day_end(v_end, p_zone);
  end loop;
  return v_end;
end
$$;
