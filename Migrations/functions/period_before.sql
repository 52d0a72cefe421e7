-- The first instant of the time before p_first that p_first to p_last is compared with: as many days where those are
-- whole local days, however long the clocks made them; else as long.
create or replace function period_before(p_first timestamptz, p_last timestamptz, p_zone text)
returns timestamptz language plpgsql stable parallel safe as $$
declare
  v_seconds double precision := extract(epoch from p_last - p_first);
begin
  if p_first = local_start(date_trunc('day', p_first at time zone p_zone), p_zone)
    and p_last = local_start(date_trunc('day', p_last at time zone p_zone), p_zone)
  then
    -- Around noon of the first of those days.
    return local_start(
      date_trunc(
        'day', (p_first - make_interval(hours => 24 * round(v_seconds / 86400)::int - 12)) at time zone p_zone),
      p_zone);
  end if;
  return p_first - make_interval(secs => v_seconds);
end
$$;
