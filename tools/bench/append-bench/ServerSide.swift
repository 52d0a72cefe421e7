import EventSourcing
import Postgres

/// Appends without a client: batches of prepared arrays lie in a table, and one prepared statement with the batch's
/// number takes them from there. So both raw inserts and the function are measured without any work of ours.
///
/// Raw is a table with the log's columns and indexes and nothing else: one multi-row insert by unnest, one commit.
struct ServerSide {
    static let batches = 20

    private static let tables = """
        create table raw_events (like events including all);

        create table prepared_batches (
          size bigint,
          batch bigint,
          p_streams text[],
          p_append_stream bigint[],
          p_must_exist boolean[],
          p_append_producer bigint[],
          p_sequences bigint[],
          p_event_counts bigint[],
          p_producer_stream bigint[],
          p_producer_source text[],
          p_event_append bigint[],
          p_event_stream text[],
          p_event_type text[],
          p_event_schema_version smallint[],
          p_event_data jsonb[],
          p_event_actor text[],
          p_event_source text[],
          p_event_sequence bigint[],
          p_event_client_address text[],
          p_event_correlation_id text[],
          p_stream_base bigint[],
          p_stream_events bigint[],
          p_append_version bigint[],
          p_producer_event bigint[],
          primary key (size, batch)
        );

        do $$
        declare
          v_column text;
        begin
          -- Compressed arrays would be measured along with what is.
          for v_column in
            select attname from pg_attribute where attrelid = 'prepared_batches'::regclass and attname like 'p\\_%'
          loop
            execute format('alter table prepared_batches alter %I set storage external', v_column);
          end loop;
        end
        $$;

        create table prepared_events (
          size bigint, batch bigint, index bigint, stream text, source text, sequence bigint, type text, data jsonb,
          actor text, client_address text, correlation_id text
        );
        """

    private static let gather = """
        with
        batch as (
          select *, row_number() over (partition by size, batch, stream order by index) as version from prepared_events
        ),
        stream as (
          select
            size, batch, stream, count(*) as events, row_number() over (partition by size, batch order by stream) as index
          from batch
          group by size, batch, stream
        ),
        producer as (
          select
            size, batch, stream, source, max(index) as event,
            row_number() over (partition by size, batch order by stream, source) as index
          from batch
          where source is not null
          group by size, batch, stream, source
        )
        insert into prepared_batches
        select
          batch.size,
          batch.batch,
          (select array_agg(stream.stream order by index) from stream
            where stream.size = batch.size and stream.batch = batch.batch),
          array_agg(stream.index order by batch.index),
          array_agg(true order by batch.index),
          array_agg(producer.index order by batch.index),
          array_agg(batch.sequence order by batch.index),
          array_agg(1 order by batch.index),
          (select array_agg(stream.index order by producer.index) from producer join stream using (size, batch, stream)
            where producer.size = batch.size and producer.batch = batch.batch),
          (select array_agg(producer.source order by producer.index) from producer
            where producer.size = batch.size and producer.batch = batch.batch),
          array_agg(batch.index order by batch.index),
          array_agg(batch.stream order by batch.index),
          array_agg(batch.type order by batch.index),
          array_agg(1 order by batch.index),
          array_agg(batch.data order by batch.index),
          array_agg(batch.actor order by batch.index),
          array_agg(batch.source order by batch.index),
          array_agg(batch.sequence order by batch.index),
          array_agg(batch.client_address order by batch.index),
          array_agg(batch.correlation_id order by batch.index),
          (select array_agg(null::bigint) from stream where stream.size = batch.size and stream.batch = batch.batch),
          (select array_agg(events order by index) from stream
            where stream.size = batch.size and stream.batch = batch.batch),
          array_agg(batch.version order by batch.index),
          (select array_agg(producer.event order by index) from producer
            where producer.size = batch.size and producer.batch = batch.batch)
        from batch
        join stream using (size, batch, stream)
        left join producer using (size, batch, stream, source)
        group by batch.size, batch.batch
        """

    private let connection: Connection
    private var turn = 0
    private var rawEvents = 0

    /// Fills the table of prepared batches.
    init(_ connection: Connection) async throws {
        self.connection = connection
        try await connection.script(Self.tables)
        var telemetry = Telemetry(source: "worker-0")
        for size in [100, 1000] {
            for batch in 0..<Self.batches {
                let appends = try telemetry.next(size)
                _ = try await connection.pipeline([
                    Self.preparation.statement(
                        [("size", .integer(size)), ("batch", .integer(batch))] + Self.arrays(of: appends))
                ])
            }
        }
        try await connection.query(Self.gather)
        // Known producers: they and the streams are as the prepared plans presume.
        try await connection.script(
            """
            insert into producers (last_sequence, last_position, stream, source)
            select distinct 0, 0, stream, source from prepared_events where source is not null;
            drop table prepared_events;
            analyze prepared_batches;
            """)
    }

    mutating func insertRaw(batchOf size: Int) async throws {
        turn += 1
        try await connection.query(
            Self.rawInsert,
            ["size": .integer(size), "batch": .integer(turn % Self.batches), "position": .integer(rawEvents)])
        rawEvents += size
    }

    /// The raw insert with arrays that a client sends: what sending and parsing JSON alone cost.
    mutating func insertSent(_ arrays: [(key: String, value: Parameter)], batchOf size: Int) async throws {
        _ = try await connection.pipeline([
            Self.sentInsert.statement(arrays + [("position", .integer(rawEvents))])
        ])
        rawEvents += size
    }

    /// What is stored of the appends, each of one event, without what is the same for all.
    static func arrays(of appends: [Append]) -> [(key: String, value: Parameter)] {
        [
            ("streams", .texts(appends.map(\.stream.rawValue))), ("types", .texts(appends.map { $0.events[0].type })),
            ("data", .jsonbs(appends.map { $0.events[0].data })), ("actors", .texts(appends.map(\.metadata.actor))),
            ("sources", .texts(appends.map(\.producer?.source))),
            ("sequences", .integers(appends.map(\.producer?.sequence))),
            ("addresses", .texts(appends.map(\.metadata.clientAddress))),
            ("correlations", .texts(appends.map(\.metadata.correlationID))),
        ]
    }

    /// The parameters of `sent`, and their values' names in `arrays`.
    private static let arrayTypes: [(key: String, value: ValueType)] = [
        ("streams", .texts), ("types", .texts), ("data", .jsonbs), ("actors", .texts), ("sources", .texts),
        ("sequences", .integers), ("addresses", .texts), ("correlations", .texts),
    ]

    /// SQL for a table of what a client sends.
    private static let sent = """
        unnest(
          :streams, :types, :data, :actors, :sources, :sequences, :addresses, :correlations
        ) with ordinality as event (
          stream, type, data, actor, source, sequence, client_address, correlation_id, index
        )
        """

    private static let preparation = SQLQuery(
        "prepare_events",
        """
        insert into prepared_events
        select :size, :batch, index, stream, source, sequence, type, data, actor, client_address, correlation_id
        from \(sent)
        """, parameters: [("size", .integer), ("batch", .integer)] + arrayTypes)

    private static let rawInsert = SQLQuery(
        "insert_raw",
        """
        insert into raw_events (
          position, version, recorded_at, sequence, schema_version, stream, type, actor, source, client_address,
          correlation_id, data
        )
        select
          event.index + :position, event.index + :position, now(), event.sequence, event.schema_version, event.stream,
          event.type, event.actor, event.source, event.client_address, event.correlation_id, event.data
        from prepared_batches,
        unnest(
          p_event_stream, p_event_type, p_event_schema_version, p_event_data, p_event_actor, p_event_source,
          p_event_sequence, p_event_client_address, p_event_correlation_id
        ) with ordinality as event (
          stream, type, schema_version, data, actor, source, sequence, client_address, correlation_id, index
        )
        where prepared_batches.size = :size and prepared_batches.batch = :batch
        """, parameters: ["size": .integer, "batch": .integer, "position": .integer])

    private static let sentInsert = SQLQuery(
        "insert_sent",
        """
        insert into raw_events (
          position, version, recorded_at, sequence, schema_version, stream, type, actor, source, client_address,
          correlation_id, data
        )
        select
          event.index + :position, event.index + :position, now(), event.sequence, 1, event.stream, event.type,
          event.actor, event.source, event.client_address, event.correlation_id, event.data
        from \(sent)
        """, parameters: arrayTypes + [("position", .integer)])

    mutating func callFunction(batchOf size: Int) async throws {
        turn += 1
        // Producers' sequences go up with each call, so that nothing is a duplicate.
        let row = try await connection.query(
            Self.call, ["size": .integer(size), "batch": .integer(turn % Self.batches), "turn": .integer(turn)])[0]
        guard try row.bool("is_appended") else { throw Refused() }
    }

    private static let call = SQLQuery(
        "call_append_events",
        """
        select 'appended' = all (outcomes) as is_appended
        from prepared_batches,
        array_fill(:turn::bigint, array[cardinality(p_producer_stream)]) as sequences,
        append_events(
          p_streams => p_streams, p_append_stream => p_append_stream, p_event_counts => p_event_counts,
          p_must_exist => p_must_exist, p_append_producer => p_append_producer, p_sequences => p_sequences,
          p_producer_stream => p_producer_stream, p_producer_source => p_producer_source,
          p_event_append => p_event_append, p_event_stream => p_event_stream, p_event_type => p_event_type,
          p_event_schema_version => p_event_schema_version, p_event_data => p_event_data,
          p_event_actor => p_event_actor, p_event_source => p_event_source, p_event_sequence => p_event_sequence,
          p_event_client_address => p_event_client_address, p_event_correlation_id => p_event_correlation_id,
          p_stream_base => p_stream_base,
          p_stream_events => p_stream_events, p_append_first => p_event_append,
          p_append_version => p_append_version, p_producer_first => sequences, p_producer_last => sequences,
          p_producer_event => p_producer_event, p_event_version => p_append_version)
        where prepared_batches.size = :size and prepared_batches.batch = :batch
        """, parameters: ["size": .integer, "batch": .integer, "turn": .integer], columns: ["is_appended": .bool])

    struct Refused: Error {}
}
