-- Appends one event to a stream, in any version of the stream, and returns its position. The event is of schema version 1
-- and has no producer: who calls this makes sure that it is called once.
create or replace function append_event(
  p_stream text, p_type text, p_data jsonb, p_actor text
) returns bigint language sql as $$
  select first_positions[1]
  from append_events(
    p_streams => array[p_stream], p_append_stream => array[1], p_event_counts => array[1],
    p_event_append => array[1], p_event_stream => array[p_stream], p_event_type => array[p_type],
    p_event_schema_version => array[1::smallint], p_event_data => array[p_data],
    p_event_actor => array[p_actor])
$$;
