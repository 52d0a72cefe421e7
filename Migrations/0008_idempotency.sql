-- Requests made under a key (Idempotency-Key): what became of each, so that a repetition causes nothing more.

-- One row per request that is being made, or was in the last day. A row is the claim of whoever makes the request
-- (claim, leased_until), then what its append came to, then its answer.
create table idempotent_requests (
  -- Stands for the key and whoever may use it.
  id text collate "C" primary key,
  fingerprint text collate "C" not null,
  claim bigint not null,
  leased_until timestamptz not null,
  created_at timestamptz not null default clock_timestamp(),
  -- Of the request's appends, as append_events answers, and how many events each has; written in their transaction.
  -- Null until one of them is accepted.
  stream text collate "C",
  outcomes bigint[],
  first_positions bigint[],
  versions bigint[],
  event_counts bigint[],
  recorded_at timestamptz,
  answer bytea,
  check ((outcomes is null) = (recorded_at is null))
) with (fillfactor = 70);

create index idempotent_requests_created_at on idempotent_requests (created_at);

-- Claims a request. State: claimed (with outcomes: it has appended, and lacks only its answer), running, mismatched or
-- answered.
create function claim_request(
  p_id text, p_fingerprint text, p_claim bigint, p_lease interval, p_keeping interval,
  out state text, out answer bytea, out stream text, out outcomes bigint[], out first_positions bigint[],
  out versions bigint[], out event_counts bigint[], out recorded_at timestamptz
) language plpgsql as $$
#variable_conflict use_column
declare
  v_request idempotent_requests;
begin
  insert into idempotent_requests (id, fingerprint, claim, leased_until)
  values (p_id, p_fingerprint, p_claim, clock_timestamp() + p_lease)
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
  if v_request.created_at <= clock_timestamp() - p_keeping then
    update idempotent_requests
    set
      fingerprint = p_fingerprint, claim = p_claim, leased_until = clock_timestamp() + p_lease,
      created_at = clock_timestamp(), stream = null, outcomes = null, first_positions = null, versions = null,
      event_counts = null, recorded_at = null, answer = null
    where id = p_id;
    state := 'claimed';
  elsif v_request.fingerprint <> p_fingerprint then
    state := 'mismatched';
  elsif v_request.answer is not null then
    state := 'answered';
    answer := v_request.answer;
  elsif v_request.leased_until > clock_timestamp() then
    state := 'running';
  else
    update idempotent_requests set claim = p_claim, leased_until = clock_timestamp() + p_lease where id = p_id;
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

-- Goes before append_events in the transaction of appends that belong to requests. Raises FF003 where one of these
-- claims does not hold any more, or has appended; else none is taken over until the transaction ends.
create function hold_requests(p_ids text[], p_claims bigint[]) returns void language plpgsql as $$
begin
  perform
  from idempotent_requests as request
  join unnest(p_ids, p_claims) as held (id, claim) on request.id = held.id and request.claim = held.claim
  where request.outcomes is null
  order by request.id
  for update of request;
  if (
    select count(*)
    from idempotent_requests as request
    join unnest(p_ids, p_claims) as held (id, claim) on request.id = held.id and request.claim = held.claim
    where request.outcomes is null
  ) <> cardinality(p_ids) then
    raise exception 'a request was taken over' using errcode = 'FF003';
  end if;
end
$$;
