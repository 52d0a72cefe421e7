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

-- The first instant of the quarter hour of UTC that holds an instant.
create function quarter_hour(p_instant timestamptz) returns timestamptz language sql immutable parallel safe as $$
  select date_bin('15 minutes', p_instant, timestamptz '0001-01-01 00:00:00+00')
$$;

-- The first quarter hour that begins at an instant or later.
create function quarter_hour_from(p_instant timestamptz) returns timestamptz language sql immutable parallel safe as $$
  select date_bin(
    '15 minutes', p_instant + interval '14 minutes 59.999999 seconds', timestamptz '0001-01-01 00:00:00+00')
$$;

-- The first instant of the hour that holds an instant. It has four quarters at most.
create function local_hour_start(p_instant timestamptz, p_zone text)
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

-- The first instant after the hour that holds an instant.
create function local_hour_end(p_instant timestamptz, p_zone text)
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

-- The first instant of the run of one local date that holds an instant.
create function local_day_start(p_instant timestamptz, p_zone text)
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

-- The first instant after the run of one local date that holds an instant.
create function local_day_end(p_instant timestamptz, p_zone text)
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

-- The first instant of the bucket that holds an instant. p_kind: hour, day or week.
create function bucket_start(p_kind text, p_instant timestamptz, p_zone text)
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

-- The first instant after the bucket that holds an instant. p_kind: hour, day or week.
create function bucket_end(p_kind text, p_instant timestamptz, p_zone text)
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

-- The first instants of all buckets that begin at p_from, where one does, or later and before p_to.
create function bucket_starts(p_kind text, p_from timestamptz, p_to timestamptz, p_zone text)
returns setof timestamptz language plpgsql stable parallel safe rows 500 as $$
declare
  v_first timestamptz := p_from;
begin
  while v_first < p_to loop
    return next v_first;
    v_first := bucket_end(p_kind, v_first, p_zone);
  end loop;
end
$$;

-- The first quarter hour from which on the zone's clocks show p_local or later, for good. Of a date that the zone left
-- out, the next one begins there too.
create function local_start(p_local timestamp, p_zone text)
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

-- The first instant of the time before p_first that p_first to p_last is compared with: as many days where those are
-- whole local days, however long the clocks made them; else as long.
create function period_before(p_first timestamptz, p_last timestamptz, p_zone text)
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
