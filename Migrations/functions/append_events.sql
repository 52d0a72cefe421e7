-- Appends a batch; each append is decided for itself, in order, and sees the effects of those before it. Call it with
-- the parameters' names. Indexes count from 1; elements of an array that have no value are null.
--
-- Of the appends, each in its place:
--   p_streams                the distinct streams that the batch touches
--   p_append_stream          the index of the append's stream
--   p_event_counts           how many events it has
--   p_must_exist             whether its stream has to exist
--   p_expected_version       the version that its stream has to have; null: any
--   p_append_producer        the index of its producer; null: it has none
--   p_sequences              its producer's sequence
--   p_producer_stream, p_producer_source     for each distinct producer, its stream's index and its name
--   p_opening, p_opened      pairs of append and stream: accepted, the append makes the stream exist
--   p_closing, p_closed      pairs of append and stream: accepted, the append closes the stream
-- Of the events, each in its place: p_event_append, the index of its append; p_event_…, what is stored. An array of which
-- no event has a value may be null.
--
-- The caller may say what comes of the batch where every append is accepted (null: it does not), for then nothing needs
-- to be decided one by one. Where it turns out otherwise, each append is decided for itself all the same:
--   p_stream_base            for each stream: the version that it must have; null: it must only exist
--   p_stream_events          for each stream, how many events it gets
--   p_append_first           for each append, the number of its first event in the batch
--   p_append_version         for each append, how far it brings its stream above the version that this had
--   p_producer_first, p_producer_last     for each producer, its first and last sequence; they rise within the batch
--   p_producer_event         for each producer, the number of its last append's first event
--   p_event_version          for each event, how far its version lies above that which its stream had
--
-- Returns arrays over the appends: the outcome; the first position (appended; duplicate of the producer's last append;
-- else null); the version (appended: after it; conflict: the actual one; else null); and the time that all appended
-- events carry, null where there are none.
create or replace function append_events(
  p_streams text[],
  p_append_stream bigint[],
  p_event_counts bigint[],
  p_event_append bigint[],
  p_event_stream text[],
  p_event_type text[],
  p_event_schema_version smallint[],
  p_event_data jsonb[],
  p_event_actor text[] default null,
  p_event_source text[] default null,
  p_event_sequence bigint[] default null,
  p_event_trace_id text[] default null,
  p_event_causation_id text[] default null,
  p_event_client_address text[] default null,
  p_event_correlation_id text[] default null,
  p_must_exist boolean[] default null,
  p_expected_version bigint[] default null,
  p_append_producer bigint[] default null,
  p_sequences bigint[] default null,
  p_producer_stream bigint[] default '{}',
  p_producer_source text[] default '{}',
  p_opening bigint[] default '{}',
  p_opened bigint[] default '{}',
  p_closing bigint[] default '{}',
  p_closed bigint[] default '{}',
  p_stream_base bigint[] default null,
  p_stream_events bigint[] default null,
  p_append_first bigint[] default null,
  p_append_version bigint[] default null,
  p_producer_first bigint[] default null,
  p_producer_last bigint[] default null,
  p_producer_event bigint[] default null,
  p_event_version bigint[] default null,
  out outcomes append_outcome[],
  out first_positions bigint[],
  out versions bigint[],
  out recorded_at timestamptz
) language plpgsql as $$
#variable_conflict use_variable
declare
  -- Of each stream; the version is null where it does not exist.
  v_version bigint[];
  v_closed boolean[];
  v_was_absent boolean[];
  v_is_touched boolean[];
  -- Of each producer.
  v_last_sequence bigint[];
  v_last_position bigint[];
  v_has_appended boolean[];
  -- Of each append: by how much the position and the version of its events exceed their number in the batch.
  v_position_shift bigint[];
  v_version_shift bigint[];
  v_stream bigint;
  v_producer bigint;
  v_count bigint;
  -- How many events were looked at, and how many of them are accepted.
  v_event bigint := 0;
  v_accepted bigint := 0;
  v_next_opening bigint := 1;
  v_next_closing bigint := 1;
  v_base bigint;
  v_partitioned_to bigint;
  v_rows bigint;
  v_fits boolean;
begin
  -- Appends take turns from here on.
  select log_head.position, log_head.partitioned_to into v_base, v_partitioned_to from log_head for update;

  if p_stream_base is not null then
    begin
      with moved as (
        update streams set version = streams.version + wanted.events
        from unnest(p_streams, p_stream_base, p_stream_events) with ordinality as wanted (name, base, events, index)
        where streams.name = wanted.name and not streams.closed
          and (wanted.base is null or wanted.base = streams.version)
        returning wanted.index, streams.version - wanted.events as version
      )
      select array_agg(moved.version order by moved.index) into v_version from moved;
      v_fits := cardinality(v_version) = cardinality(p_streams);
      if v_fits and cardinality(p_producer_stream) > 0 then
        update producers set last_sequence = wanted.last, last_position = v_base + wanted.event
        from unnest(p_producer_stream, p_producer_source, p_producer_first, p_producer_last, p_producer_event)
          as wanted (stream, source, first, last, event)
        where producers.stream = p_streams[wanted.stream] and producers.source = wanted.source
          and producers.last_sequence < wanted.first;
        get diagnostics v_rows = row_count;
        v_fits := v_rows = cardinality(p_producer_stream);
      end if;
      if v_fits is not true then
        -- Undoes what this block has done.
        raise exception 'the batch does not fit' using errcode = 'FF005';
      end if;
    exception when sqlstate 'FF005' then
      v_fits := false;
    end;
  end if;

  if v_fits then
    v_accepted := cardinality(p_event_append);
    update log_head
    set position = v_base + v_accepted, recorded_at = greatest(log_head.recorded_at, clock_timestamp())
    returning log_head.recorded_at into recorded_at;
    if v_base + v_accepted > v_partitioned_to then
      perform extend_event_partitions(v_base + v_accepted);
    end if;

    -- Unnesting in the select list hands rows on one by one; in the from clause it would copy them all first, which
    -- took a quarter of the insert's time.
    insert into events (
      position, version, recorded_at, sequence, schema_version, stream, type, actor, source, trace_id, causation_id,
      client_address, correlation_id, data
    )
    select
      v_base + event.index, v_version[p_append_stream[event.append]] + event.version, recorded_at, event.sequence,
      event.schema_version, event.stream, event.type, event.actor, event.source, event.trace_id, event.causation_id,
      event.client_address, event.correlation_id, event.data
    from (
      select
        generate_series(1, v_accepted) as index, unnest(p_event_append) as append, unnest(p_event_version) as version,
        unnest(p_event_sequence) as sequence, unnest(p_event_schema_version) as schema_version,
        unnest(p_event_stream) as stream, unnest(p_event_type) as type, unnest(p_event_actor) as actor,
        unnest(p_event_source) as source, unnest(p_event_trace_id) as trace_id,
        unnest(p_event_causation_id) as causation_id, unnest(p_event_client_address) as client_address,
        unnest(p_event_correlation_id) as correlation_id, unnest(p_event_data) as data
    ) as event;

    outcomes := array_fill('appended'::append_outcome, array[cardinality(p_append_stream)]);
    first_positions := array(select v_base + append.first from unnest(p_append_first) as append (first));
    versions := array(
      select v_version[append.stream] + append.version
      from unnest(p_append_stream, p_append_version) as append (stream, version));
    perform pg_notify('footfall_events', (v_base + v_accepted)::text);
    return;
  end if;

  select
    array_agg(streams.version order by wanted.index),
    array_agg(coalesce(streams.closed, false) order by wanted.index),
    array_agg(streams.version is null order by wanted.index),
    array_agg(false order by wanted.index)
  into v_version, v_closed, v_was_absent, v_is_touched
  from unnest(p_streams) with ordinality as wanted (name, index)
  left join streams on streams.name = wanted.name;

  if cardinality(p_producer_stream) > 0 then
    select
      array_agg(producers.last_sequence order by wanted.index),
      array_agg(producers.last_position order by wanted.index),
      array_agg(false order by wanted.index)
    into v_last_sequence, v_last_position, v_has_appended
    from unnest(p_producer_stream, p_producer_source) with ordinality as wanted (stream, source, index)
    left join producers on producers.stream = p_streams[wanted.stream] and producers.source = wanted.source;
  end if;

  outcomes := array_fill('appended'::append_outcome, array[cardinality(p_append_stream)]);
  first_positions := array_fill(null::bigint, array[cardinality(p_append_stream)]);
  versions := first_positions;
  v_position_shift := array_fill(0::bigint, array[cardinality(p_append_stream)]);
  v_version_shift := v_position_shift;

  for i in 1 .. cardinality(p_append_stream) loop
    v_stream := p_append_stream[i];
    v_producer := p_append_producer[i];
    v_count := p_event_counts[i];
    if p_sequences[i] <= v_last_sequence[v_producer] then
      outcomes[i] := 'duplicate';
      if p_sequences[i] = v_last_sequence[v_producer] then
        first_positions[i] := v_last_position[v_producer];
      end if;
    elsif v_closed[v_stream] then
      outcomes[i] := 'closed';
    elsif p_must_exist[i] and v_version[v_stream] is null then
      outcomes[i] := 'missing';
    elsif p_expected_version[i] <> coalesce(v_version[v_stream], 0) then
      outcomes[i] := 'conflict';
      versions[i] := coalesce(v_version[v_stream], 0);
    else
      first_positions[i] := v_base + v_accepted + 1;
      v_position_shift[i] := v_accepted - v_event;
      v_version_shift[i] := coalesce(v_version[v_stream], 0) - v_event;
      v_accepted := v_accepted + v_count;
      v_version[v_stream] := coalesce(v_version[v_stream], 0) + v_count;
      versions[i] := v_version[v_stream];
      v_is_touched[v_stream] := true;
      if v_producer is not null then
        v_last_sequence[v_producer] := p_sequences[i];
        v_last_position[v_producer] := first_positions[i];
        v_has_appended[v_producer] := true;
      end if;
      while p_opening[v_next_opening] < i loop
        v_next_opening := v_next_opening + 1;
      end loop;
      while p_opening[v_next_opening] = i loop
        v_version[p_opened[v_next_opening]] := coalesce(v_version[p_opened[v_next_opening]], 0);
        v_next_opening := v_next_opening + 1;
      end loop;
      while p_closing[v_next_closing] < i loop
        v_next_closing := v_next_closing + 1;
      end loop;
      while p_closing[v_next_closing] = i loop
        v_closed[p_closed[v_next_closing]] := true;
        v_is_touched[p_closed[v_next_closing]] := true;
        v_version[p_closed[v_next_closing]] := coalesce(v_version[p_closed[v_next_closing]], 0);
        v_next_closing := v_next_closing + 1;
      end loop;
    end if;
    v_event := v_event + v_count;
  end loop;

  if v_accepted = 0 then
    return;
  end if;

  insert into streams (version, name)
  select 0, stream.name
  from unnest(p_streams, v_version, v_was_absent) as stream (name, version, was_absent)
  where stream.was_absent and stream.version is not null
  order by stream.name;

  update streams set version = stream.version, closed = stream.closed
  from unnest(p_streams, v_version, v_closed, v_is_touched) as stream (name, version, closed, is_touched)
  where stream.is_touched and streams.name = stream.name;

  update log_head
  set position = v_base + v_accepted, recorded_at = greatest(log_head.recorded_at, clock_timestamp())
  returning log_head.recorded_at into recorded_at;
  if v_base + v_accepted > v_partitioned_to then
    perform extend_event_partitions(v_base + v_accepted);
  end if;

  insert into events (
    position, version, recorded_at, sequence, schema_version, stream, type, actor, source, trace_id, causation_id,
    client_address, correlation_id, data
  )
  select
    v_base + v_position_shift[event.append] + event.index, v_version_shift[event.append] + event.index, recorded_at,
    event.sequence, event.schema_version, event.stream, event.type, event.actor, event.source, event.trace_id,
    event.causation_id, event.client_address, event.correlation_id, event.data
  from unnest(
    p_event_append, p_event_sequence, p_event_schema_version, p_event_stream, p_event_type, p_event_actor,
    p_event_source, p_event_trace_id, p_event_causation_id, p_event_client_address, p_event_correlation_id, p_event_data
  ) with ordinality as event (
    append, sequence, schema_version, stream, type, actor, source, trace_id, causation_id, client_address,
    correlation_id, data, index
  )
  where outcomes[event.append] = 'appended';

  if cardinality(p_producer_stream) > 0 then
    insert into producers (last_sequence, last_position, stream, source)
    select producer.sequence, producer.position, p_streams[producer.stream], producer.source
    from unnest(p_producer_stream, p_producer_source, v_last_sequence, v_last_position, v_has_appended)
      as producer (stream, source, sequence, position, has_appended)
    where producer.has_appended
    on conflict (stream, source) do update
    set last_sequence = excluded.last_sequence, last_position = excluded.last_position;
  end if;

  perform pg_notify('footfall_events', (v_base + v_accepted)::text);
end
$$;
