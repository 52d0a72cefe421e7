-- Goes before append_events in the transaction of appends that belong to requests. Raises FF003 where one of these
-- claims does not hold any more, or has appended; else none is taken over until the transaction ends.
create or replace function hold_requests(p_ids text[], p_claims bigint[]) returns void language plpgsql as $$
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
