-- An instant as RFC 3339 in UTC: six digits of a second, or none where it is whole.
create or replace function rfc3339(p_instant timestamptz) returns text language sql stable parallel safe as $$
  select to_char(
    p_instant at time zone 'UTC',
    case
      when date_trunc('second', p_instant) = p_instant then 'YYYY-MM-DD"T"HH24:MI:SS"Z"'
      else 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'
    end)
$$;
