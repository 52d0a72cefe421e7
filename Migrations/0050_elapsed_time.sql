-- Time as it passes, whatever the server's clock is set to, for what must not be forgotten too early.

-- One row: for how long there were processes on this database, in microseconds, by their monotonic clocks. Each adds the
-- time since it last looked; that of the others is not added again.
create table elapsed_time (
  only_row boolean primary key default true check (only_row),
  microseconds bigint not null check (microseconds >= 0)
) with (fillfactor = 50);

insert into elapsed_time (microseconds) values (0);

-- How much time has passed, where p_microseconds have for the caller at least (null: it has not looked yet). Written at
-- most once a second.
create function pass_time(p_microseconds bigint) returns bigint language plpgsql as $$
declare
  v_passed bigint := (select microseconds from elapsed_time);
begin
  if p_microseconds > v_passed + 1000000 then
    update elapsed_time set microseconds = greatest(microseconds, p_microseconds);
  end if;
  return greatest(v_passed, p_microseconds);
end
$$;

-- The time that had passed when a request was first made under its key, and when it was last claimed.
alter table idempotent_requests
  add column created_after bigint not null default 0,
  add column claimed_after bigint not null default 0;

drop function claim_request(text, text, bigint, interval, interval);

-- Claims a request. State: claimed (with outcomes: it has appended, and lacks only its answer), running, mismatched or
-- answered.
--
-- A clock may be set. So a request is forgotten only where both the clock and the time that has passed say that it is old,
-- for one that was forgotten too early would be made twice; and a claim has run out where either says so, for one that is
-- taken over too early can append nothing any more (hold_requests).
-- p_passed: as pass_time takes it.
create function claim_request(
  p_id text, p_fingerprint text, p_claim bigint, p_lease interval, p_keeping interval, p_passed bigint default null,
  out state text, out answer bytea, out stream text, out outcomes bigint[], out first_positions bigint[],
  out versions bigint[], out event_counts bigint[], out recorded_at timestamptz, out passed bigint
) language plpgsql as $$
#variable_conflict use_column
declare
  v_request idempotent_requests;
begin
  passed := pass_time(p_passed);
  insert into idempotent_requests (id, fingerprint, claim, leased_until, created_after, claimed_after)
  values (p_id, p_fingerprint, p_claim, clock_timestamp() + p_lease, passed, passed)
  on conflict (id) do nothing;
  if found then
    state := 'claimed';
    return;
  end if;
  -- Whoever holds the row appends, or ends, at this moment.
  select * into v_request from idempotent_requests where id = p_id for update skip locked;
  if not found then
    state := 'running';
    return;
  end if;
  if v_request.created_at <= clock_timestamp() - p_keeping
    and v_request.created_after <= passed - extract(epoch from p_keeping) * 1000000
  then
    update idempotent_requests
    set
      fingerprint = p_fingerprint, claim = p_claim, leased_until = clock_timestamp() + p_lease,
      created_at = clock_timestamp(), created_after = passed, claimed_after = passed, stream = null, outcomes = null,
      first_positions = null, versions = null, event_counts = null, recorded_at = null, answer = null
    where id = p_id;
    state := 'claimed';
  elsif v_request.fingerprint <> p_fingerprint then
    state := 'mismatched';
  elsif v_request.answer is not null then
    state := 'answered';
    answer := v_request.answer;
  elsif v_request.leased_until > clock_timestamp()
    and v_request.claimed_after > passed - extract(epoch from p_lease) * 1000000
  then
    state := 'running';
  else
    update idempotent_requests
    set claim = p_claim, leased_until = clock_timestamp() + p_lease, claimed_after = passed
    where id = p_id;
    state := 'claimed';
    stream := v_request.stream;
    outcomes := v_request.outcomes;
    first_positions := v_request.first_positions;
    versions := v_request.versions;
    event_counts := v_request.event_counts;
    recorded_at := v_request.recorded_at;
  end if;
end
$$;

-- The time that had passed at a writer's last call.
alter table append_calls add column called_after bigint not null default 0;

create or replace function begin_append_call(p_writer bigint, p_call bigint) returns void language plpgsql as $$
begin
  perform pg_advisory_xact_lock(p_writer);
  if exists (select from append_calls where append_calls.writer = p_writer and append_calls.call >= p_call) then
    raise exception 'this call was made before' using errcode = 'FF001';
  end if;
  if p_call = 1 then
    -- A new writer clears away those that ended long ago, by the clock and by the time that has passed.
    delete from append_calls
    where append_calls.writer in (
      select ended.writer from append_calls as ended
      where ended.called_at < clock_timestamp() - interval '30 days'
        and ended.called_after < (select microseconds from elapsed_time) - 30 * 86400 * 1000000::bigint
      for update skip locked
    );
  end if;
end
$$;
