-- Calls of append_events, so that one whose answer was lost is asked again without being done twice.

-- One row a writer (a process's log): its last call and what that came to.
create table append_calls (
  writer bigint primary key,
  call bigint not null,
  called_at timestamptz not null,
  outcomes bigint[] not null,
  first_positions bigint[] not null,
  versions bigint[] not null,
  recorded_at timestamptz
) with (fillfactor = 50);

-- Kept for one call only: compressing them would cost more than it saves.
alter table append_calls
  alter column outcomes set storage external,
  alter column first_positions set storage external,
  alter column versions set storage external;

-- Goes before append_events in one transaction. Where this call or a later one of the writer has committed, it raises
-- FF001; where one of them is under way in another session, it waits for its end.
-- So a call is done once, even where a session wakes up with it after its repetition.
create function begin_append_call(p_writer bigint, p_call bigint) returns void language plpgsql as $$
begin
  perform pg_advisory_xact_lock(p_writer);
  if exists (select from append_calls where append_calls.writer = p_writer and append_calls.call >= p_call) then
    raise exception 'this call was made before' using errcode = 'FF001';
  end if;
  if p_call = 1 then
    -- A new writer clears away those that ended long ago.
    delete from append_calls
    where append_calls.writer in (
      select ended.writer from append_calls as ended
      where ended.called_at < clock_timestamp() - interval '30 days'
      for update skip locked
    );
  end if;
end
$$;
