-- The first instant after the hour that holds an instant.
create or replace function local_hour_end(p_instant timestamptz, p_zone text)
returns timestamptz language plpgsql stable parallel safe as $$
declare
  v_end timestamptz := quarter_hour(p_instant);
  v_local timestamp := v_end at time zone p_zone;
  v_next timestamp := date_trunc('hour', v_local) + interval '1 hour';
begin
  if (v_end + (v_next - v_local) - interval '15 minutes') at time zone p_zone = v_next - interval '15 minutes'
    and v_end + (v_next - v_local) = quarter_hour(v_end + (v_next - v_local))
  then
    return v_end + (v_next - v_local);
  end if;
  loop
    v_end := v_end + interval '15 minutes';
    v_local := v_local + interval '15 minutes';
    exit when v_local >= v_next or v_end at time zone p_zone <> v_local;
  end loop;
  return v_end;
end
$$;
