import Postgres
import Testing

/// A log of 60,300 events: 300 cameras, and 200 readings of each, one every two minutes.
enum QueryFixture {
    /// Tables that no read may read from end to end.
    static let largeTables: Set<String> = ["camera_state", "hourly_counts", "minute_counts", "camera_metrics"]

    static func fill(_ connection: Connection) async throws {
        let head: Int64 = 60_300
        try await connection.script(
            """
            insert into streams (version, name)
            select case kind when 'camera' then 1 else 200 end, kind || '-' || camera
            from generate_series(1, 300) as camera, unnest(array['camera', 'telemetry']) as kind;

            insert into events (
              position, version, recorded_at, schema_version, stream, type, actor, correlation_id, data
            )
            select
              camera, 1, '2026-03-28T00:00:00Z', 1, 'camera-' || camera, 'CameraRegistered', 'operator',
              'request-' || camera,
              jsonb_build_object(
                'camera_id', camera, 'name', 'Camera ' || camera, 'location', 'Hall ' || camera % 20,
                'stream_url', 'rtsp://10.0.0.' || camera % 250 || '/s', 'stream_type', 'rtsp', 'description', '',
                'settings', '{}'::jsonb, 'metadata', '{}'::jsonb, 'time_zone', 'UTC',
                'lines', jsonb_build_array(jsonb_build_object(
                  'name', 'door', 'from', '[0, 0.5]'::jsonb, 'to', '[1, 0.5]'::jsonb, 'inside', '[0.5, 0.9]'::jsonb)))
            from generate_series(1, 300) as camera;

            insert into events (
              position, version, recorded_at, sequence, schema_version, stream, type, actor, source, data
            )
            select
              300 + (number - 1) * 300 + camera, number, timestamptz '2026-03-28T00:00:00Z' + number * interval '2 minutes',
              number, 1, 'telemetry-' || camera, 'CountReadingRecorded', 'worker', 'worker-1',
              jsonb_build_object(
                'camera_id', camera, 'line', 'door', 'class', 'person', 'count_in', 1, 'count_out', number % 2,
                'observed_at', to_char(
                  (timestamptz '2026-03-28T00:00:00Z' + number * interval '2 minutes') at time zone 'UTC',
                  'YYYY-MM-DD"T"HH24:MI:SS"Z"'))
            from generate_series(1, 200) as number, generate_series(1, 300) as camera;

            insert into producers (last_sequence, last_position, stream, source)
            select 200, 300 + 199 * 300 + camera, 'telemetry-' || camera, 'worker-1'
            from generate_series(1, 300) as camera;

            insert into seals (size, first_position, leaves, root, signatures)
            select
              max(position), min(position), string_agg(sha256(position::text::bytea), '' order by position),
              sha256(max(position)::text::bytea), 'signature'
            from events
            group by (position - 1) / 300;

            insert into tree_nodes (level, index, hash)
            select 1, index, sha256(index::text::bytea) from generate_series(0, 300 * 201 / 256 - 1) as index;

            update log_head set position = 300 + 200 * 300, recorded_at = '2026-03-28T06:40:00Z';
            select setval('camera_ids', 300);
            select pg_notify('footfall_events', '\(head)');
            """)
        while try await !connection.query(behind, ["head": .integer(head)]).isEmpty {
            try await Task.sleep(for: .milliseconds(50))
        }
        try await connection.script("analyze")
    }

    /// The read models that have yet to take in what was written.
    private static let behind = SQLQuery(
        "behind", "select projection from read.checkpoints where position < :head", parameters: ["head": .integer],
        columns: ["projection": .text])

    /// A value for each parameter of a query: by its name, or by query and name where one name means several things.
    static func values(for query: SQLQuery) throws -> [(key: String, value: Parameter)] {
        try query.parameters.map { parameter in
            let value = samples["\(query.name).\(parameter.name)"] ?? samples[parameter.name]
            return (parameter.name, try #require(value, "\(query.name) has a parameter \(parameter.name)"))
        }
    }

    /// An instant of the day that the log is about, in microseconds since 1970.
    private static func hour(_ hour: Int64) -> Int64 { 1_774_656_000_000_000 + hour * 3_600_000_000 }

    private static let samples: [String: Parameter] = [
        "after": .integer(100), "camera": .integer(7), "first": .integer(100), "id": .text("none"),
        "last": .integer(1100), "limit": .integer(100), "positions": .integers([1, 500, 50_000]),
        "source": .text("worker-1"), "stream": .text("telemetry-7"),
        "line": .text(nil), "class": .text(nil), "zone": .text("Europe/Berlin"), "location": .text(nil),
        "from": .timestamp(hour(0)), "to": .timestamp(hour(6)), "scope_kind": .text("all"),
        "scope_cameras": .noIntegers, "scope_location": .text(nil), "scope_worker": .text(nil),
        "fleet_cameras": .integers([7]), "fleet_location": .text(nil), "last_bucket": .timestamp(hour(0)),
        "last_line": .text(""), "last_class": .text(""), "head": .integer(60_300),
        "before_earliest": .timestamp(hour(0)), "replaced_cameras": .integers([]), "replaced_takes": .integers([]),
        "models": .texts(["hourly_counts"]), "top": .integer(10), "skips_of_fleet.from": .text("2026-03-28T00:00:00Z"),
        "skips_of_fleet.to": .text("2026-03-29T00:00:00Z"),
        "position": .integer(60_300), "projection": .text("hourly_counts"), "sources": .bytea([]),
        "events_between.first": .integer(40_000), "events_between.last": .integer(41_999),
        "events_after.after": .integer(40_000), "events_after.limit": .integer(1000),
        "segment": .integer(1), "is_any_stream": .bool(false), "streams": .texts(["telemetry-7", "camera-7"]),
        "type": .text("CameraRegistered"), "actor": .text("operator"), "correlation": .text("request-7"),
        "level": .integer(1), "end": .integer(200), "size": .integer(600), "tree_nodes_between.first": .integer(0),
        "tree_nodes_between.last": .integer(38), "causation": .text("7"), "text": .text("Hall"),
        "around": .integer(2000), "audit_chain.limit": .integer(1000),
    ]
}
