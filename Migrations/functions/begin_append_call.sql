-- Goes before append_events in one transaction. Where this call or a later one of the writer has committed, it raises
-- FF001; where one of them is under way in another session, it waits for its end.
-- So a call is done once, even where a session wakes up with it after its repetition.
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
