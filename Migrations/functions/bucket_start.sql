-- Buckets of a zone's local time: the hours, days and weeks that counts are added up in.
--
-- A bucket is an unbroken run of quarter hours of UTC, the grain at which counts are kept: those whose first instant
-- shows the same local hour, date or week (from Monday, ISO 8601). An hour ends, too, where the offset from UTC changes,
-- so that an hour that the clocks repeat is two buckets. So each instant is in exactly one bucket, each bucket ends where
-- the next one begins, and none is empty: a date that a zone left out has none, and where the clocks go back over
-- midnight, a date has one before and one after.
--
-- Today all offsets are whole quarter hours, and clocks change at whole quarter hours: buckets begin to the second.
-- Where they did not (Monrovia was 44 minutes and 30 seconds behind until 1972, clocks in St John's changed at one minute
-- past midnight until 2011), a bucket begins with the first whole quarter hour of UTC, less than 15 minutes late.

-- The first instant of the bucket that holds an instant. p_kind: hour, day or week.
create or replace function bucket_start(p_kind text, p_instant timestamptz, p_zone text)
returns timestamptz language plpgsql stable parallel safe as $$
declare
  v_first timestamptz;
  v_local timestamp;
begin
  if p_kind = 'hour' then
    return local_hour_start(p_instant, p_zone);
  end if;
  v_first := local_day_start(p_instant, p_zone);
  if p_kind = 'day' then
    return v_first;
  end if;
  -- A week is a run of days.
  v_local := date_trunc(p_kind, v_first at time zone p_zone);
  while date_trunc(p_kind, (v_first - interval '15 minutes') at time zone p_zone) = v_local loop
    v_first := local_day_start(v_first - interval '15 minutes', p_zone);
  end loop;
  return v_first;
end
$$;
