import Counting
import EventSourcing
import Hummingbird
import Postgres

/// Which report is asked for: a day or a week of one camera.
struct ReportQuery {
    enum Period: String, CaseIterable {
        case daily, weekly

        fileprivate var bucket: Bucket { self == .daily ? .day : .week }
    }

    enum Format: String, CaseIterable {
        case json, html
    }

    let period: Period
    let format: Format
    let minimumPosition: Int64?
    private let date: String?
    private let zone: TimeZoneName?

    init(_ request: Request) throws(Problem) {
        // Browsers say that they take text/html.
        let standard: Format = AcceptedTypes(request).weight(of: "text/html") > 0 ? .html : .json
        self = try Query.read(request) { query in
            let period = query.value("period", default: Period.daily, Period.init(choosing:))
            let date = query.optional("date", Self.date)
            let zone = query.optional("tz", TimeZoneName.init)
            let format = query.value("format", default: standard, Format.init(choosing:))
            let minimum = query.minimumPosition()
            return query.make(at: "date") {
                ReportQuery(
                    period: try period.get(), format: try format.get(), minimumPosition: try minimum.get(),
                    date: try date.get(), zone: try zone.get())
            }
        }
    }

    private init(period: Period, format: Format, minimumPosition: Int64?, date: String?, zone: TimeZoneName?) {
        self.period = period
        self.format = format
        self.minimumPosition = minimumPosition
        self.date = date
        self.zone = zone
    }

    private static func date(_ text: String) throws(InvalidValue) -> String {
        guard text.wholeMatch(of: /[0-9]{4}-[0-9]{2}-[0-9]{2}/) != nil, !text.hasPrefix("0000"),
            Timestamp(rfc3339: text + "T00:00:00Z") != nil
        else { throw InvalidValue(.malformed, "This is a date, such as 2026-03-29.") }
        return text
    }

    func statement(_ id: CameraID, now: Timestamp) -> Statement {
        Self.query(of: period).statement([
            "camera": .integer(id.number), "zone": .text(zone?.text), "date": .text(date),
            "now": .timestamp(now.microseconds),
        ])
    }

    /// The period's ends and time zone, and the camera and its health in the period as JSON objects. Without a date it is
    /// the last whole day or week.
    ///
    /// Uptime is that of the period up to now, as `Uptime` has it.
    static func query(of period: Period) -> SQLQuery {
        SQLQuery(
            "report_\(period)", sql(period.bucket),
            parameters: ["camera": .integer, "zone": .text, "date": .text, "now": .timestamp],
            columns: [
                "position": .integer, "removed": .bool, "from": .timestamp, "to": .timestamp, "zone": .text,
                "camera": .bytes, "health": .bytes,
            ])
    }

    private static func sql(_ bucket: Bucket) -> String {
        func start(_ local: String) -> String { "local_start(\(local), zone.name)" }
        let running = "date_trunc('\(bucket.rawValue)', :now::timestamptz at time zone zone.name)"
        return """
            with camera as (
              select camera_id, name, location, removed, time_zone from read.camera_state where camera_id = :camera
            ),
            zone as (
              select coalesce(:zone::text, (select time_zone from camera), 'UTC') as name
            ),
            day as (
              select
                date_trunc(
                  '\(bucket.rawValue)',
                  coalesce(
                    :date::text::timestamp, (\(start(running)) - interval '1 microsecond') at time zone zone.name)) as local
              from zone
            ),
            range as (
              select \(start("local")) as first, \(start("local + interval '1 \(bucket.rawValue)'")) as last
              from day, zone
            ),
            metrics as (
              select * from read.camera_metrics, range
              where camera_id = :camera and bucket_start >= range.first and bucket_start < range.last
            )
            select
              \(ReadModels.position(of: .cameraState, .cameraMetrics, .hourlyCounts, .cameraUptime)) as position,
              (select removed from camera) as removed,
              range.first as "from",
              range.last as "to",
              zone.name as zone,
              (
                select json_build_object('id', camera_id, 'name', name, 'location', location) from camera
              ) as camera,
              (
                select row_to_json(shown)
                from (
                  select
                    \(Uptime.of(":camera", from: "range.first", to: "range.last")) as uptime_percentage,
                    \(CameraMeasures.shown)
                  from (select \(CameraMeasures.sums) from metrics) as sums
                ) as shown
              ) as health
            from range, zone
            """
    }
}
