import Counting
import EventSourcing
import Hummingbird
import Postgres

/// How a camera fared over time: its heartbeats, by buckets. Those without a heartbeat are left out.
struct CameraMetricsReads: Sendable {
    let readModels: ReadModels
    let now: @Sendable () -> Timestamp

    /// The intervals that heartbeats are gathered in, the finest being what is kept.
    private enum Interval: String, CaseIterable {
        case fiveMinutes = "5m"
        case quarterHour = "15m"
        case hour, day

        private var bucket: Bucket? { Bucket(rawValue: rawValue) }

        /// Expressions to group five minutes by: see `Bucket.keys`.
        func keys(of instant: String, zone: String) -> String {
            bucket.map { $0.keys(of: Bucket.quarterHour.start(of: instant, zone: zone), zone: zone) } ?? instant
        }

        /// SQL for the first instant of the bucket that holds an instant.
        func start(of instant: String, zone: String) -> String {
            bucket?.start(of: instant, zone: zone)
                ?? "date_bin('5 minutes', \(instant), timestamptz '0001-01-01 00:00:00+00')"
        }

        /// SQL for the first instant after the bucket that begins at `start`.
        func end(after start: String, zone: String) -> String {
            bucket?.end(after: start, zone: zone) ?? "\(start) + interval '5 minutes'"
        }
    }

    private struct Asked {
        let from: Timestamp
        let to: Timestamp
        let interval: Interval
        let zone: TimeZoneName?
        let minimumPosition: Int64?
    }

    @Sendable func show(_ request: Request, _ context: APIContext) async throws -> Response {
        let id = try context.cameraID
        let asked = try asked(request)
        let row = try await row(asked, id)
        if try row.integer("rows") > CountQuery.maximumRows { throw Problem.tooManyRows }
        var body = Array(#"{"from":"\#(try row.text("from"))","to":"\#(try row.text("to"))","#.utf8)
        body += #""bucket":"\#(asked.interval.rawValue)","tz":"\#(try row.text("zone"))","items":"#.utf8
        body += try row.bytes("items")
        body += "}".utf8
        return .json(body, position: try row.position)
    }

    private func asked(_ request: Request) throws(Problem) -> Asked {
        try Query.read(request) { query in
            let range = query.timeRange(now: now())
            let interval = query.value("bucket", default: Interval.quarterHour, Interval.init(choosing:))
            let zone = query.optional("tz", TimeZoneName.init)
            let minimum = query.minimumPosition()
            return query.make(at: "from") {
                Asked(
                    from: try range.get().from, to: try range.get().to, interval: try interval.get(),
                    zone: try zone.get(), minimumPosition: try minimum.get())
            }
        }
    }

    private func row(_ asked: Asked, _ id: CameraID) async throws -> Row {
        try await readModels.row(of: id, atLeast: asked.minimumPosition) { minimum in
            try await readModels.readZoned(
                [.cameraState, .cameraMetrics], atLeast: minimum,
                Self.query(asked.interval).statement([
                    "camera": .integer(id.number), "from": .timestamp(asked.from.microseconds),
                    "to": .timestamp(asked.to.microseconds), "zone": .text(asked.zone?.text),
                    "limit": .integer(CountQuery.maximumRows + 1),
                ]))
        }
    }

    static var queries: [SQLQuery] { Interval.allCases.map(query) }

    /// The range (from, to) is in whole buckets.
    private static func query(_ interval: Interval) -> SQLQuery {
        SQLQuery(
            "metrics_by_\(interval.rawValue)", sql(interval),
            parameters: ["camera": .integer, "from": .timestamp, "to": .timestamp, "zone": .text, "limit": .integer],
            columns: [
                "position": .integer, "removed": .bool, "from": .text, "to": .text, "zone": .text, "rows": .integer,
                "items": .bytes,
            ])
    }

    private static func sql(_ interval: Interval) -> String {
        """
        with camera as (
          select removed, time_zone from read.camera_state where camera_id = :camera
        ),
        zone as (
          select coalesce(:zone::text, (select time_zone from camera), 'UTC') as name
        ),
        starts as (
          select
            \(interval.start(of: ":from::timestamptz", zone: "zone.name")) as first,
            \(interval.start(of: ":to::timestamptz", zone: "zone.name")) as last
          from zone
        ),
        range as (
          select
            first,
            case when last = :to::timestamptz then last else \(interval.end(after: "last", zone: "zone.name")) end as last
          from starts, zone
        ),
        grouped as (
          select min(bucket_start) as "from", max(bucket_start) as "to"
          from read.camera_metrics, range, zone
          where camera_id = :camera and bucket_start >= range.first and bucket_start < range.last
          group by \(interval.keys(of: "bucket_start", zone: "zone.name"))
        ),
        buckets as (
          select \(interval.start(of: #""from""#, zone: "zone.name")) as first, min("from") as "from", max("to") as "to"
          from grouped, zone
          group by 1
          order by 1
          limit :limit
        ),
        page as (
          select first, zone.name as zone, \(CameraMeasures.sums)
          from buckets, zone, read.camera_metrics
          where camera_id = :camera and bucket_start between buckets."from" and buckets."to"
          group by 1, 2
        )
        select
          \(ReadModels.position(of: .cameraState, .cameraMetrics)) as position,
          (select removed from camera) as removed,
          (select rfc3339(first) from range) as "from",
          (select rfc3339(last) from range) as "to",
          (select name from zone) as zone,
          (select count(*) from page) as rows,
          \(ReadModels.array(row(interval), from: "page", orderedBy: "first")) as items
        """
    }

    private static func row(_ interval: Interval) -> String {
        """
        select
          rfc3339(first) as bucket_start,
          rfc3339(\(interval.end(after: "first", zone: "zone"))) as bucket_end,
          \(CameraMeasures.shown)
        """
    }
}
