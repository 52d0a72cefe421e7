-- Goes before append_events in its transaction. A clock that is less than a second behind the last event is waited for,
-- as clocks are set by small steps and servers' differ.
create or replace function follow_clock() returns void language plpgsql as $$
begin
  if clock_timestamp() < (select recorded_at - interval '1 second' from log_head) then
    perform settle_clock(clock_timestamp());
  end if;
end
$$;
