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

    func parameters(_ id: CameraID, now: Timestamp) -> [Parameter] {
        [.integer(id.number), .text(zone?.text), .text(date), .timestamp(now.microseconds)]
    }

    /// Selects position, whether the camera was removed, the period's ends, the time zone's name, and the camera and its
    /// health in the period as JSON objects. Without a date it is the last whole day or week.
    ///
    /// Uptime is that of the period up to now, as `Uptime` has it.
    var sql: String {
        let bucket = period.bucket
        func start(_ local: String) -> String { "local_start(\(local), zone.name)" }
        let running = "date_trunc('\(bucket.rawValue)', $4::timestamptz at time zone zone.name)"
        return """
            with camera as (
              select camera_id, name, location, removed, time_zone from read.camera_state where camera_id = $1
            ),
            zone as (
              select coalesce($2, (select time_zone from camera), 'UTC') as name
            ),
            day as (
              select
                date_trunc(
                  '\(bucket.rawValue)',
                  coalesce(
                    $3::timestamp, (\(start(running)) - interval '1 microsecond') at time zone zone.name)) as local
              from zone
            ),
            range as (
              select \(start("local")) as first, \(start("local + interval '1 \(bucket.rawValue)'")) as last
              from day, zone
            ),
            metrics as (
              select * from read.camera_metrics, range
              where camera_id = $1 and bucket_start >= range.first and bucket_start < range.last
            )
            select
              \(ReadModels.position(of: .cameraState, .cameraMetrics, .hourlyCounts, .cameraUptime)),
              (select removed from camera),
              range.first,
              range.last,
              zone.name,
              (select json_build_object('id', camera_id, 'name', name, 'location', location) from camera),
              (
                select row_to_json(shown)
                from (
                  select
                    \(Uptime.of("$1", from: "range.first", to: "range.last")) as uptime_percentage,
                    \(CameraMeasures.shown)
                  from (select \(CameraMeasures.sums) from metrics) as sums
                ) as shown
              )
            from range, zone
            """
    }
}
