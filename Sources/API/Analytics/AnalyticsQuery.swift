import Counting
import EventSourcing
import Hummingbird
import Postgres
import UseCases

/// What is to be told of one camera's counts over a range of time.
struct AnalyticsQuery {
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
    let range: CountRange
    var reset = Occupancy.Reset.explicit
    var minimumPosition: Int64?

    init(_ request: Request, now: Timestamp) throws(Problem) {
        self = try Query.read(request) { query in
            let range = query.countRange(now: now)
            let window = query.value("window", default: Window.hour, Window.init(choosing:))
            let reset = query.value("reset", default: Occupancy.Reset.explicit, Occupancy.Reset.init(choosing:))
            let minimum = query.minimumPosition()
            return query.make(at: "from") {
                let range = try range.get()
                if try window.get() == .minute {
                    guard range.from >= now - Self.minutesReachBack, range.to - range.from <= Self.maximumOfMinutes
                    else {
                        throw InvalidValue(
                            .outOfRange, "Minutes are there for the last two days, 24 hours of them at a time.")
                    }
                }
                return AnalyticsQuery(
                    window: try window.get(), range: range, reset: try reset.get(), minimumPosition: try minimum.get())
            }
        }
        if range.isTooLong(for: window.bucket) { throw .tooManyRows }
    }

    init(window: Window, range: CountRange, reset: Occupancy.Reset = .explicit, minimumPosition: Int64? = nil) {
        self.window = window
        self.range = range
        self.reset = reset
        self.minimumPosition = minimumPosition
    }

    func statement(_ id: CameraID) -> Statement { query.statement(range.values(id)) }

    private var bucket: Bucket { window.bucket }
    private var occupancy: Occupancy { Occupancy(reset: reset, inMinutes: window == .minute) }

    /// Minutes as they were measured: corrections are about quarter hours. 0 to add up, and null wherever they are shown.
    static let minutes = """
        (select camera_id, line, class, minute as bucket_start, count_in, count_out, readings, 0::bigint as correction_in,
           0::bigint as correction_out
         from read.minute_counts) as measured
        """

    private var shown: String { window == .minute ? CountMeasures.shownOfMinutes : CountMeasures.shown }

    private var source: String { window == .minute ? Self.minutes : "read.hourly_counts" }

    /// Which read models the statement reads.
    var models: [ReadModel] { [.cameraState] + counted }

    /// Those that have the counts.
    var counted: [ReadModel] { [.hourlyCounts] + (window == .minute ? [.minuteCounts] : []) }

    /// The answer is one JSON object.
    var query: SQLQuery {
        SQLQuery(
            "analytics_by_\(window)_with_\(reset)_resets", sql, parameters: CountRange.parameters,
            columns: ["position": .integer, "removed": .bool, "answer": .bytes])
    }

    private var sql: String {
        """
        with \(CountRange.tables(bucket)),
        \(PeriodComparison.range),
        counts as materialized (
          select bucket_start, line, class, count_in, count_out, readings, correction_in, correction_out
          from \(source)
          where camera_id = :camera
            and bucket_start >= (select first from range) and bucket_start < (select last from range)
            and \(CountRange.isWanted)
        ),
        totals as (select \(CountMeasures.sums) from counts),
        totals_before as (
          select \(CountMeasures.sums)
          from \(source)
          where camera_id = :camera
            and bucket_start >= (select first from previous) and bucket_start < (select last from previous)
            and \(CountRange.isWanted)
        ),
        grouped as (
          select min(bucket_start) as quarter, \(CountMeasures.sums)
          from counts, zone
          group by \(bucket.keys(of: "bucket_start", zone: "zone.name"))
        ),
        counted as (
          select \(bucket.start(of: "quarter", zone: "zone.name")) as first, \(CountMeasures.sums)
          from grouped, zone
          group by 1
        ),
        buckets as (
          select first, \(bucket.end(after: "first", zone: "zone.name")) as last
          from zone, (
            \(bucket.all(from: "(select first from range)", to: "(select last from range)", zone: "(select name from zone)"))
          ) as firsts
        ),
        \(occupancy.tables),
        windows as materialized (
          select
            first, buckets.last, zone.name as zone, \(CountMeasures.filled),
            occupancies.occupancy
          from zone, buckets
          left join counted using (first)
          left join occupancies on occupancies.at = buckets.last
        )
        select
          \(ReadModels.position(of: models)) as position,
          (select removed from camera) as removed,
          (
            select row_to_json(answer)
            from (
              select
                :camera::bigint as camera_id,
                rfc3339(range.first) as "from", rfc3339(range.last) as "to", '\(window.rawValue)' as "window",
                zone.name as tz,
                (select row_to_json(shown) from (select \(shown) from totals) as shown) as totals,
                \(peaks) as peaks,
                \(averages) as averages,
                \(CountMeasures.shares(by: "line", shown)) as by_line,
                \(CountMeasures.shares(by: "class", shown)) as by_class,
                \(PeriodComparison.shown(shown, isKnown: window != .minute)) as previous,
                \(occupancy.shown) as occupancy,
                \(ReadModels.array(shownWindow, from: "windows", orderedBy: "first"))::json as windows
              from range, zone
            ) as answer
          ) as answer
        """
    }

    private var shownWindow: String {
        """
        select rfc3339(first) as "start", rfc3339(last) as "end", \(shown), occupancy
        """
    }

    private var peaks: String {
        """
        (select coalesce(
           json_agg(row_to_json(peaks) order by \(window == .minute ? "total_count" : "corrected_total") desc, "start"),
           '[]')
         from (
           select rfc3339(first) as "start", rfc3339(last) as "end", \(shown)
           from windows
           where \(CountMeasures.total) > 0
           order by \(CountMeasures.total) desc, first
           limit \(Self.peakCount)
         ) as peaks)
        """
    }

    /// Means over all windows of the range, those without readings too.
    private var averages: String {
        func mean(_ value: String) -> String {
            window == .minute ? "avg(null::double precision)" : "round(avg(\(value)), 2)::double precision"
        }
        let means = """
            \(mean("count_in + correction_in")) as corrected_in,
            \(mean("count_out + correction_out")) as corrected_out,
            \(mean(CountMeasures.total)) as corrected_total
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
}
