import Counting
import EventSourcing
import Hummingbird
import Postgres

/// What is to be told of one camera's counts over a range of time.
struct AnalyticsQuery {
    enum Reset: String, CaseIterable {
        /// Those that operators made.
        case explicit
        /// Those, and one at the beginning of each day.
        case daily
    }

    /// The windows, by the names that requests have for them.
    enum Window: String, CaseIterable {
        case minute, quarter, hour, day, week

        var bucket: Bucket {
            switch self {
            case .minute: .minute
            case .quarter: .quarterHour
            case .hour: .hour
            case .day: .day
            case .week: .week
            }
        }
    }

    /// Minutes are kept for four days: enough for this, and for the time before it.
    private static let minutesReachBack = Duration.seconds(48 * 3600)
    private static let maximumOfMinutes = Duration.seconds(24 * 3600)

    /// How many of the highest windows are told apart.
    private static let peakCount = 3

    let window: Window
    let from: Timestamp
    let to: Timestamp
    let zone: TimeZoneName?
    var line: String?
    var objectClass: String?
    var reset = Reset.explicit
    var minimumPosition: Int64?

    init(_ request: Request, now: Timestamp) throws(Problem) {
        self = try Query.read(request) { query in
            let range = query.timeRange(now: now)
            let window = query.value("window", default: Window.hour, Window.init(choosing:))
            let zone = query.optional("tz", TimeZoneName.init)
            let line = query.optional("line", QueryRule.text)
            let objectClass = query.optional("class", QueryRule.text)
            let reset = query.value("reset", default: Reset.explicit, Reset.init(choosing:))
            let minimum = query.minimumPosition()
            return query.make(at: "from") {
                let (from, to) = try range.get()
                if try window.get() == .minute {
                    guard from >= now - Self.minutesReachBack, to - from <= Self.maximumOfMinutes else {
                        throw InvalidValue(
                            .outOfRange, "Minutes are there for the last two days, 24 hours of them at a time.")
                    }
                }
                return AnalyticsQuery(
                    window: try window.get(), from: from, to: to, zone: try zone.get(), line: try line.get(),
                    objectClass: try objectClass.get(), reset: try reset.get(), minimumPosition: try minimum.get())
            }
        }
        if (to - from) / .seconds(window.bucket.seconds) > Double(CountQuery.maximumRows) { throw .tooManyRows }
    }

    /// - Parameter zone: nil for the camera's own.
    init(
        window: Window, from: Timestamp, to: Timestamp, zone: TimeZoneName?, line: String? = nil,
        objectClass: String? = nil, reset: Reset = .explicit, minimumPosition: Int64? = nil
    ) {
        self.window = window
        self.from = from
        self.to = to
        self.zone = zone
        self.line = line
        self.objectClass = objectClass
        self.reset = reset
        self.minimumPosition = minimumPosition
    }

    func parameters(_ id: CameraID) -> [Parameter] {
        [
            .integer(id.number), .timestamp(from.microseconds), .timestamp(to.microseconds), .text(zone?.text),
            .text(line), .text(objectClass), .bool(reset == .daily),
        ]
    }

    private var bucket: Bucket { window.bucket }

    /// Minutes as they were measured: corrections are about quarter hours.
    private static let minutes = """
        (select camera_id, line, class, minute as bucket_start, count_in, count_out, readings, 0::bigint as correction_in,
           0::bigint as correction_out
         from read.minute_counts) as measured
        """

    private var source: String { window == .minute ? Self.minutes : "read.hourly_counts" }

    /// Which read models the statement reads.
    var models: [ReadModel] { [.cameraState, .hourlyCounts] + (window == .minute ? [.minuteCounts] : []) }

    private static let isWanted = "($5::text is null or line = $5) and ($6::text is null or class = $6)"

    /// Selects position, whether the camera was removed, and the answer as one JSON object.
    var sql: String {
        """
        with camera as (
          select removed, time_zone from read.camera_state where camera_id = $1
        ),
        zone as (
          select coalesce($4, (select time_zone from camera), 'UTC') as name
        ),
        \(bucket.range(from: "$2::timestamptz", to: "$3::timestamptz")),
        \(CountMeasures.previousRange),
        counts as materialized (
          select bucket_start, line, class, count_in, count_out, readings, correction_in, correction_out
          from \(source)
          where camera_id = $1
            and bucket_start >= (select first from range) and bucket_start < (select last from range)
            and \(Self.isWanted)
        ),
        totals as (select \(CountMeasures.sums) from counts),
        totals_before as (
          select \(CountMeasures.sums)
          from \(source)
          where camera_id = $1
            and bucket_start >= (select first from previous) and bucket_start < (select last from previous)
            and \(Self.isWanted)
        ),
        grouped as (
          select \(bucket.key(of: "bucket_start", zone: "zone.name")) as key, \(CountMeasures.sums)
          from counts, zone
          group by 1
        ),
        counted as (
          select
            \(bucket.start(ofKey: "key", zone: "zone.name")) as first, count_in, count_out, readings, correction_in,
            correction_out
          from grouped, zone
        ),
        buckets as (
          select first, \(bucket.end(after: "first", zone: "zone.name")) as last
          from zone, (
            \(bucket.all(from: "(select first from range)", to: "(select last from range)", zone: "(select name from zone)"))
          ) as firsts
        ),
        \(occupancies),
        windows as materialized (
          select
            first, buckets.last, zone.name as zone, coalesce(count_in, 0) as count_in,
            coalesce(count_out, 0) as count_out, coalesce(readings, 0) as readings,
            coalesce(correction_in, 0) as correction_in, coalesce(correction_out, 0) as correction_out,
            occupancies.occupancy
          from zone, buckets
          left join counted using (first)
          left join occupancies on occupancies.at = buckets.last
        )
        select
          \(ReadModels.position(of: models)),
          (select removed from camera),
          (
            select row_to_json(answer)
            from (
              select
                $1::bigint as camera_id,
                rfc3339(range.first) as "from", rfc3339(range.last) as "to", '\(window.rawValue)' as "window",
                zone.name as tz,
                (select row_to_json(shown) from (select \(CountMeasures.shown) from totals) as shown) as totals,
                \(Self.peaks) as peaks,
                \(averages) as averages,
                \(CountMeasures.shares(by: "line")) as by_line,
                \(CountMeasures.shares(by: "class")) as by_class,
                (
                  select row_to_json(shown)
                  from (
                    select
                      (select rfc3339(first) from previous) as "from", (select rfc3339(last) from previous) as "to",
                      (select row_to_json(t) from (select \(CountMeasures.shown) from totals_before) as t) as totals,
                      \(CountMeasures.change("totals", since: "totals_before")) as change
                    from totals, totals_before
                  ) as shown
                ) as previous,
                \(occupancy) as occupancy,
                \(ReadModels.array(Self.shownWindow, from: "windows", orderedBy: "first"))::json as windows
              from range, zone
            ) as answer
          )
        """
    }

    private static let shownWindow = """
        select rfc3339(first) as "start", rfc3339(last) as "end", \(CountMeasures.shown), occupancy
        """

    private static let peaks = """
        (select coalesce(json_agg(row_to_json(peaks) order by corrected_total desc, "start"), '[]')
         from (
           select rfc3339(first) as "start", rfc3339(last) as "end", \(CountMeasures.shown)
           from windows
           where \(CountMeasures.total) > 0
           order by \(CountMeasures.total) desc, first
           limit \(peakCount)
         ) as peaks)
        """

    /// Means over all windows of the range, those without readings too.
    private var averages: String {
        let means = """
            round(avg(count_in + correction_in), 2)::double precision as corrected_in,
            round(avg(count_out + correction_out), 2)::double precision as corrected_out,
            round(avg(\(CountMeasures.total)), 2)::double precision as corrected_total
            """
        func grouped(by name: String, _ part: String) -> String {
            """
            (select coalesce(json_agg(row_to_json(means) order by \(name)), '[]')
             from (
               select extract(\(part) from first at time zone zone)::int as \(name), \(means)
               from windows
               group by 1
             ) as means)
            """
        }
        let hours = window == .quarter || window == .hour
        return """
            json_build_object(
              'per_window', (select row_to_json(means) from (select \(means) from windows) as means),
              'by_hour', \(hours ? grouped(by: "hour", "hour") : "null::json"),
              'by_weekday', \(window == .week ? "null::json" : grouped(by: "weekday", "isodow")))
            """
    }

    /// The CTE `occupancies`: how many are inside `at` the end of each window.
    ///
    /// Points in time are put in order: ends of windows, resets, then what quarter hours that begin there change. Between
    /// two resets the changes add up.
    private var occupancies: String {
        """
        resets as (
          select reset_at as at, 2 as kind, occupancy as change
          from read.occupancy_resets
          where camera_id = $1 and reset_at < (select last from range)
          union all
          select first, 1, 0
          from (
            \(Bucket.day.all(
                from: Bucket.day.start(of: "(select first from range)", zone: "(select name from zone)"),
                to: "(select last from range)", zone: "(select name from zone)"))
          ) as days
          where $7
        ),
        since as (
          select coalesce(max(at), '-infinity') as at from resets where at <= (select first from range)
        ),
        points as (
          select last as at, 0 as kind, 0 as change from buckets
          union all
          select at, kind, change from resets where at >= (select at from since)
          union all
          select bucket_start, 3, sum(count_in + correction_in - count_out - correction_out)
          from (
            select bucket_start, line, class, count_in, count_out, correction_in, correction_out
            from read.hourly_counts
            where camera_id = $1 and bucket_start < \(window == .minute ? quarter : "(select last from range)")
              and bucket_start >= (select at from since)
            \(window == .minute ? latest : "")
          ) as changes
          where \(Self.isWanted)
          group by bucket_start
        ),
        parts as (
          select at, kind, change, count(*) filter (where kind in (1, 2)) over (order by at, kind) as part
          from points
        ),
        occupancies as (
          select at, occupancy
          from (
            select at, kind, (sum(change) over (partition by part order by at, kind))::bigint as occupancy
            from parts
          ) as running
          where kind = 0
        )
        """
    }

    /// The beginning of the quarter hour in which the range begins: from there on minutes are added up one by one.
    private var quarter: String { "(select \(Bucket.quarterHour.key(of: "first", zone: "")) from range)" }

    private var latest: String {
        """
        union all
        select bucket_start, line, class, count_in, count_out, correction_in, correction_out
        from \(Self.minutes)
        where camera_id = $1 and bucket_start >= greatest(\(quarter), (select at from since))
          and bucket_start < (select last from range)
        """
    }

    private var occupancy: String {
        """
        (select row_to_json(shown)
         from (
           select
             '\(reset.rawValue)' as reset,
             (select rfc3339(max(at)) from resets) as since,
             (select occupancy from windows order by first desc limit 1) as current,
             (select json_build_object('at', rfc3339(last), 'occupancy', occupancy)
              from windows order by occupancy desc, first limit 1) as highest
         ) as shown)
        """
    }
}
