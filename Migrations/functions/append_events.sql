-- Appends a batch; each append is decided for itself, in order, and sees the effects of those before it.
--
-- p_streams              the distinct streams that the batch touches
-- p_append_stream        for each append, the index of its stream (indexes count from 1)
-- p_expected             for each append: −2 any, −1 the stream exists, else the version that the stream must have
-- p_append_producer      for each append, the index of its producer, 0 without one
-- p_sequences            for each append, its producer's sequence
-- p_event_counts         for each append, how many events it has
-- p_producer_stream, p_producer_source     for each distinct producer, its stream's index and its name
-- p_opening, p_opened    pairs of append and stream: accepted, the append makes the stream exist
-- p_closing, p_closed    pairs of append and stream: accepted, the append closes the stream
-- p_event_append …       for each event, its append and what is stored
--
-- The caller may say what comes of the batch where every append is accepted (null: it does not), for then nothing needs
-- to be decided one by one. Where it turns out otherwise, each append is decided for itself all the same:
--
-- p_stream_base          for each stream: −1 it must exist, else the version that it must have
-- p_stream_events        for each stream, how many events it gets
-- p_append_first         for each append, the number of its first event in the batch, from 1
-- p_append_version       for each append, how far it brings its stream above the version that this had
-- p_producer_first, p_producer_last     for each producer, its first and last sequence; they rise within the batch
-- p_producer_event       for each producer, the number of its last append's first event
-- p_event_version        for each event, how far its version lies above that which its stream had
--
-- Returns arrays over the appends: outcome (1 appended, 2 conflict, 3 duplicate, 4 closed, 5 missing), the first
-- position (appended; duplicate of the producer's last append; else 0) and the version (appended: after it; conflict:
-- the actual one; else 0); and the time that all appended events carry.
create or replace function append_events(
  p_streams text[],
  p_append_stream bigint[],
  p_expected bigint[],
  p_append_producer bigint[],
  p_sequences bigint[],
  p_event_counts bigint[],
  p_producer_stream bigint[],
  p_producer_source text[],
  p_opening bigint[],
  p_opened bigint[],
  p_closing bigint[],
  p_closed bigint[],
  p_event_append bigint[],
  p_event_stream text[],
  p_event_type text[],
  p_event_schema_version smallint[],
  p_event_data jsonb[],
  p_event_metadata jsonb[],
  p_stream_base bigint[] default null,
  p_stream_events bigint[] default null,
  p_append_first bigint[] default null,
  p_append_version bigint[] default null,
  p_producer_first bigint[] default null,
  p_producer_last bigint[] default null,
  p_producer_event bigint[] default null,
  p_event_version bigint[] default null,
  out outcomes bigint[],
  out first_positions bigint[],
  out versions bigint[],
  out recorded_at timestamptz
) language plpgsql as $$
#variable_conflict use_variable
declare
  v_version bigint[];
  v_closed boolean[];
  v_was_absent boolean[];
  v_is_touched boolean[];
  v_last_sequence bigint[];
  v_last_position bigint[];
  v_position_shift bigint[];
  v_version_shift bigint[];
  v_stream bigint;
  v_producer bigint;
  v_expected bigint;
  v_count bigint;
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
        where streams.name = wanted.name and not streams.closed and wanted.base in (-1, streams.version)
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
    insert into events (position, version, recorded_at, schema_version, stream, type, data, metadata)
    select
      v_base + event.index, v_version[p_append_stream[event.append]] + event.version, recorded_at,
      event.schema_version, event.stream, event.type, event.data, event.metadata
    from (
      select
        generate_series(1, v_accepted) as index, unnest(p_event_append) as append, unnest(p_event_version) as version,
        unnest(p_event_schema_version) as schema_version, unnest(p_event_stream) as stream,
        unnest(p_event_type) as type, unnest(p_event_data) as data, unnest(p_event_metadata) as metadata
    ) as event;

    outcomes := array_fill(1, array[cardinality(p_append_stream)]);
    first_positions := array(select v_base + append.first from unnest(p_append_first) as append (first));
    versions := array(
      select v_version[append.stream] + append.version
      from unnest(p_append_stream, p_append_version) as append (stream, version));
    perform pg_notify('footfall_events', (v_base + v_accepted)::text);
    return;
  end if;

  select
    array_agg(coalesce(streams.version, -1) order by wanted.index),
    array_agg(coalesce(streams.closed, false) order by wanted.index),
    array_agg(streams.version is null order by wanted.index),
    array_agg(false order by wanted.index)
  into v_version, v_closed, v_was_absent, v_is_touched
  from unnest(p_streams) with ordinality as wanted (name, index)
  left join streams on streams.name = wanted.name;

  if cardinality(p_producer_stream) > 0 then
    select
      array_agg(producers.last_sequence order by wanted.index),
      array_agg(coalesce(producers.last_position, 0) order by wanted.index)
    into v_last_sequence, v_last_position
    from unnest(p_producer_stream, p_producer_source) with ordinality as wanted (stream, source, index)
    left join producers on producers.stream = p_streams[wanted.stream] and producers.source = wanted.source;
  end if;

  outcomes := array_fill(1, array[cardinality(p_append_stream)]);
  first_positions := array_fill(0, array[cardinality(p_append_stream)]);
  versions := first_positions;
  v_position_shift := first_positions;
  v_version_shift := first_positions;

  for i in 1 .. cardinality(p_append_stream) loop
    v_stream := p_append_stream[i];
    v_producer := p_append_producer[i];
    v_expected := p_expected[i];
    v_count := p_event_counts[i];
    if v_producer > 0 and p_sequences[i] <= v_last_sequence[v_producer] then
      outcomes[i] := 3;
      if p_sequences[i] = v_last_sequence[v_producer] then
        first_positions[i] := v_last_position[v_producer];
      end if;
    elsif v_closed[v_stream] then
      outcomes[i] := 4;
    elsif v_expected = -1 and v_version[v_stream] < 0 then
      outcomes[i] := 5;
    elsif v_expected >= 0 and v_expected <> greatest(v_version[v_stream], 0) then
      outcomes[i] := 2;
      versions[i] := greatest(v_version[v_stream], 0);
    else
      first_positions[i] := v_accepted + 1;
      v_position_shift[i] := v_accepted - v_event;
      v_version_shift[i] := greatest(v_version[v_stream], 0) - v_event;
      v_accepted := v_accepted + v_count;
      v_version[v_stream] := greatest(v_version[v_stream], 0) + v_count;
      versions[i] := v_version[v_stream];
      v_is_touched[v_stream] := true;
      if v_producer > 0 then
        v_last_sequence[v_producer] := p_sequences[i];
        v_last_position[v_producer] := -first_positions[i];
      end if;
      while p_opening[v_next_opening] < i loop
        v_next_opening := v_next_opening + 1;
      end loop;
      while p_opening[v_next_opening] = i loop
        v_version[p_opened[v_next_opening]] := greatest(v_version[p_opened[v_next_opening]], 0);
        v_next_opening := v_next_opening + 1;
      end loop;
      while p_closing[v_next_closing] < i loop
        v_next_closing := v_next_closing + 1;
      end loop;
      while p_closing[v_next_closing] = i loop
        v_closed[p_closed[v_next_closing]] := true;
        v_is_touched[p_closed[v_next_closing]] := true;
        v_version[p_closed[v_next_closing]] := greatest(v_version[p_closed[v_next_closing]], 0);
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
  where stream.was_absent and stream.version >= 0
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

  if v_accepted = v_event then
    insert into events (position, version, recorded_at, schema_version, stream, type, data, metadata)
    select
      v_base + event.index, v_version_shift[event.append] + event.index, recorded_at, event.schema_version,
      event.stream, event.type, event.data, event.metadata
    from unnest(
      p_event_append, p_event_stream, p_event_type, p_event_schema_version, p_event_data, p_event_metadata
    ) with ordinality as event (append, stream, type, schema_version, data, metadata, index);
  else
    insert into events (position, version, recorded_at, schema_version, stream, type, data, metadata)
    select
      v_base + v_position_shift[event.append] + event.index, v_version_shift[event.append] + event.index, recorded_at,
      event.schema_version, event.stream, event.type, event.data, event.metadata
    from unnest(
      p_event_append, p_event_stream, p_event_type, p_event_schema_version, p_event_data, p_event_metadata
    ) with ordinality as event (append, stream, type, schema_version, data, metadata, index)
    where outcomes[event.append] = 1;
  end if;

  for i in 1 .. cardinality(outcomes) loop
    if outcomes[i] = 1 then
      first_positions[i] := v_base + first_positions[i];
    elsif outcomes[i] = 3 and first_positions[i] < 0 then
      -- The duplicate of an append of this same batch.
      first_positions[i] := v_base - first_positions[i];
    end if;
  end loop;

  if cardinality(p_producer_stream) > 0 then
    insert into producers (last_sequence, last_position, stream, source)
    select producer.sequence, v_base - producer.position, p_streams[producer.stream], producer.source
    from unnest(p_producer_stream, p_producer_source, v_last_sequence, v_last_position)
      as producer (stream, source, sequence, position)
    where producer.position < 0
    on conflict (stream, source) do update
    set last_sequence = excluded.last_sequence, last_position = excluded.last_position;
  end if;

  perform pg_notify('footfall_events', (v_base + v_accepted)::text);
end
$$;
