import Postgres
import Testing

/// A log of 302,000 events and its read models, of a day: 2,000 cameras, and 150 readings of each, one every ten minutes.
///
/// Both are written by SQL, a table at a time, as the projections would have filled them: so many rows that a plan which
/// reads a table from end to end costs a multiple of the right one.
enum QueryFixture {
    static let cameras: Int64 = 2000
    private static let readings: Int64 = 150
    private static let head = cameras * (1 + readings)

    /// Tables with a row for each camera, of which a question about the fleet reads all.
    static let tablesOfCameras: Set<String> = [
        "camera_state", "camera_heard", "health_summary", "camera_uptime", "camera_runs", "stream_info",
    ]

    /// Tables with many rows for each camera, which none reads from end to end, and no more than the log itself.
    static let tablesOfCounts: Set<String> = [
        "hourly_counts", "minute_counts", "camera_metrics", "camera_coverage", "camera_locations", "streams",
        "producers",
    ]

    static func fill(_ connection: Connection) async throws {
        try await connection.script(
            """
            begin;
            \(log)
            \(readModels)
            update projection_checkpoints set position = \(head);
            commit;
            analyze
            """)
    }

    private static let day = "timestamptz '2026-03-28T00:00:00Z'"

    private static var log: String {
        """
        insert into streams (version, name)
        select case kind when 'camera' then 1 else \(readings) end, kind || '-' || camera
        from generate_series(1, \(cameras)) as camera, unnest(array['camera', 'telemetry']) as kind;

        insert into events (
          position, version, recorded_at, schema_version, stream, type, actor, correlation_id, data)
        select
          camera, 1, \(day), 1, 'camera-' || camera, 'CameraRegistered', 'operator', 'request-' || camera,
          jsonb_build_object(
            'camera_id', camera, 'name', 'Camera ' || camera, 'location', 'Hall ' || camera % 20,
            'stream_url', 'rtsp://10.0.0.' || camera % 250 || '/s', 'stream_type', 'rtsp', 'description', '',
            'settings', '{}'::jsonb, 'metadata', '{}'::jsonb, 'time_zone', 'UTC',
            'lines', jsonb_build_array(jsonb_build_object(
              'name', 'door', 'from', '[0, 0.5]'::jsonb, 'to', '[1, 0.5]'::jsonb, 'inside', '[0.5, 0.9]'::jsonb)))
        from generate_series(1, \(cameras)) as camera;

        insert into events (
          position, version, recorded_at, sequence, schema_version, stream, type, actor, source, data)
        select
          \(cameras) * number + camera, number, \(day) + number * interval '10 minutes', number, 1,
          'telemetry-' || camera, 'CountReadingRecorded', 'worker', 'worker-1',
          jsonb_build_object(
            'camera_id', camera, 'line', 'door', 'class', 'person', 'count_in', 1, 'count_out', number % 2,
            'observed_at', to_char(
              (\(day) + number * interval '10 minutes') at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))
        from generate_series(1, \(readings)) as number, generate_series(1, \(cameras)) as camera;

        insert into producers (last_sequence, last_position, stream, source)
        select \(readings), \(cameras) * \(readings) + camera, 'telemetry-' || camera, 'worker-1'
        from generate_series(1, \(cameras)) as camera;

        insert into seals (size, first_position, leaves, root, signatures)
        select
          max(position), min(position), string_agg(sha256(position::text::bytea), '' order by position),
          sha256(max(position)::text::bytea), 'signature'
        from events
        group by (position - 1) / 300;

        insert into tree_nodes (level, index, hash)
        select 1, index, sha256(index::text::bytea) from generate_series(0, \(head) / 256 - 1) as index;

        update log_head set position = \(head), recorded_at = \(day) + interval '25 hours';
        select setval('camera_ids', \(cameras));
        """
    }

    private static var readModels: String {
        """
        insert into read.camera_state (
          camera_id, name, location, description, stream_url, stream_type, status, desired_state, worker_id, epoch,
          status_since, desired_state_since, settings, metadata, lines, time_zone, monitoring, created_at, updated_at,
          version, position, removed)
        select
          camera, 'Camera ' || camera, 'Hall ' || camera % 20, 'Door ' || camera, 'rtsp://10.0.0.' || camera % 250 || '/s',
          'rtsp', case when camera % 10 = 0 then 'offline' else 'online' end,
          case when camera % 10 = 0 then 'stopped' else 'running' end, 'worker-' || camera % 50, 1, \(day), \(day), '{}',
          '{"store": "' || camera % 100 || '"}', '[]', 'UTC', camera % 10 = 1, \(day), \(day), 1, camera,
          camera % 100 = 0
        from generate_series(1, \(cameras)) as camera;

        update read.camera_totals
        set cameras = (
          select count(*) from read.camera_state as camera
          where camera.status = camera_totals.status and camera.desired_state = camera_totals.desired_state and not removed
        );

        insert into read.camera_heard (camera_id, status, status_since, set_status, lapses, silent_since)
        select
          camera_id, status, \(day), status, status = 'online',
          now() - case when camera_id % 100 = 1 then interval '1 day' else interval '0' end
        from read.camera_state where not removed;

        insert into read.health_summary (
          camera_id, last_seen_at, last_heartbeat, status, heartbeats, error_count, response_time_ms, fps, frames_dropped,
          readings_refused, readings_given_up, last_heard_at, clock_offset_ms, position)
        select camera_id, now(), now(), status, 100, 0, 12.5, 15, 0, 0, 0, now(), 3, position
        from read.camera_state where not removed;

        insert into read.camera_uptime (camera_id, up_ms) select camera_id, 86400000 from read.camera_state;
        insert into read.camera_runs (camera_id, began_position, began_at)
        select camera_id, position, \(day) from read.camera_state;
        insert into read.camera_coverage (camera_id, bucket_start, heartbeats, up)
        select
          camera_id, start, array[121::smallint],
          tstzmultirange(tstzrange(start + interval '1 minute', start + interval '2 minutes'))
        from read.camera_state, generate_series(\(day), \(day) + interval '23 hours', interval '1 hour') as start;

        insert into read.camera_metrics (
          camera_id, bucket_start, heartbeats, online, errors, frames_dropped, response_times, response_time_us_sum,
          fps_values, fps_milli_sum, quality_values, quality_milli_sum)
        select camera_id, start, 10, 10, 0, 0, 10, 125000, 10, 150000, 0, 0
        from read.camera_state, generate_series(\(day), \(day) + interval '1 day', interval '30 minutes') as start;

        insert into read.minute_counts (camera_id, line, class, minute, count_in, count_out, readings)
        select camera_id, 'door', 'person', \(day) + number * interval '10 minutes', 1, number % 2, 1
        from read.camera_state, generate_series(1, \(readings)) as number;

        insert into read.hourly_counts (camera_id, line, class, bucket_start, count_in, count_out, readings)
        select camera_id, line, class, quarter_hour(minute), sum(count_in), sum(count_out), sum(readings)
        from read.minute_counts
        group by camera_id, line, class, quarter_hour(minute);

        insert into read.occupancy_resets (camera_id, reset_at, occupancy, position)
        select camera_id, \(day) + number * interval '6 hours', 0, position
        from read.camera_state, generate_series(0, 3) as number;

        insert into read.camera_locations (camera_id, position, since, location)
        select camera_id, position * number, \(day) + number * interval '1 hour', location
        from read.camera_state, generate_series(1, 5) as number;

        insert into read.stream_info (camera_id, observed_at, ok, seen_at, codec, width, height, fps, stream_url)
        select camera_id, \(day), true, \(day), 'h264', 1280, 720, 15, stream_url from read.camera_state where not removed;
        """
    }

    /// A value for each parameter of a query: by its name and type, or by query and name where one name means several
    /// things.
    static func values(for query: SQLQuery) throws -> [(key: String, value: Parameter)] {
        try query.parameters.map { parameter in
            func sample<Value>(among values: [String: Value]) throws -> Value {
                let value = values["\(query.name).\(parameter.name)"] ?? values[parameter.name]
                return try #require(value, "\(query.name) has a parameter \(parameter.name)")
            }
            let value: Parameter =
                switch parameter.type {
                case .text: .text(try sample(among: texts))
                case .integer: .integer(try sample(among: integers))
                case .timestamp: .timestamp(try sample(among: instants))
                default: try sample(among: others)
                }
            return (parameter.name, value)
        }
    }

    /// An instant of the day that the log is about, in microseconds since 1970.
    private static func hour(_ hour: Int64) -> Int64 { 1_774_656_000_000_000 + hour * 3_600_000_000 }

    private static let texts: [String: String?] = [
        "id": "none", "source": "worker-1", "stream": "telemetry-7", "line": nil, "class": nil,
        "zone": "Europe/Berlin", "location": nil, "scope_kind": "all", "scope_location": "Hall 7",
        "scope_worker": "worker-7", "fleet_location": nil, "last_line": "", "last_class": "",
        "projection": "hourly_counts", "reaction": "camera_monitor", "date": "2026-03-28", "at": "2026-03-28T06:00:00Z",
        "name": "camera-7", "role": "camera", "url": "rtsp://10.0.0.7/s", "worker": "worker-7",
        "after_worker": "worker-7", "after_text": "Camera 7", "desired_state": "running", "stream_type": "rtsp",
        "location_start": "hall 7%", "location_part": "%hall 7%", "search": "%door 7%", "master_key": "none",
        "channel": "footfall_builds", "payload": "", "schema": "public", "active": "public", "rebuilt": "read",
        "catalog": "pg_class", "definition": "none", "upto": "1", "from": "2026-03-28T00:00:00Z",
        "to": "2026-03-29T00:00:00Z",
        "type": "CameraRegistered", "actor": "operator", "correlation": "request-7", "causation": "7", "text": "Hall",
    ]

    private static let integers: [String: Int64] = [
        "after": 100, "camera": 7, "first": 100, "last": 1100, "limit": 100, "skip": 10, "head": head, "top": 10,
        "position": head, "build": 1, "after_id": 1000, "after_camera": 1000, "seconds": 21_600, "key": 1, "pid": 0,
        "events_between.first": 40_000, "events_between.last": 41_999, "events_after.after": 40_000,
        "events_after.limit": 1000, "erasures.last": 0,
        "segment": 1, "around": 2000, "audit_chain.limit": 1000, "id": 1, "candidates": 1, "projections": 2, "level": 1,
        "end": 200, "size": 600,
    ]

    private static let instants: [String: Int64] = [
        "from": hour(0), "to": hour(6), "now": hour(24), "quarter": hour(12), "next": hour(0), "end": hour(6),
        "last_bucket": hour(0), "before_earliest": hour(0), "after_time": hour(0),
    ]

    private static let others: [String: Parameter] = [
        "positions": .integers([1, 500, 50_000]), "keys": .integers(Array(1...10)), "scope_cameras": .integers([7, 8]),
        "fleet_cameras": .integers([7]), "replaced_cameras": .integers([]), "replaced_takes": .integers([]),
        "instants": .integers([hour(0)]), "models": .texts(["hourly_counts"]),
        "streams": .texts(["telemetry-7", "camera-7"]), "is_any_stream": .bool(false),
        "names": .texts(["rfc3339"]), "texts": .texts([""]), "sources": .bytea([]), "sql": .bytea([]),
        "metadata_0_text": .jsonb(Array(#"{"store":"7"}"#.utf8)),
    ]
}
