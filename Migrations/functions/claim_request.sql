-- Claims a request. State: claimed (with outcomes: it has appended, and lacks only its answer), running, mismatched or
-- answered.
--
-- A clock may be set. So a request is forgotten only where both the clock and the time that has passed say that it is old,
-- for one that was forgotten too early would be made twice; and a claim has run out where either says so, for one that is
-- taken over too early can append nothing any more (hold_requests).
-- p_passed: as pass_time takes it.
create or replace function claim_request(
  p_id text, p_fingerprint text, p_claim bigint, p_lease interval, p_keeping interval, p_passed bigint default null,
  out state text, out answer bytea, out stream text, out outcomes append_outcome[], out first_positions bigint[],
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
