/// SQL for how many are inside: what went in less what went out since the last reset.
struct Occupancy {
    enum Reset: String, CaseIterable {
        /// Those that operators made.
        case explicit
        /// Those, and one at the beginning of each day.
        case daily
    }

    let reset: Reset
    /// Whether windows are minutes, which are shorter than what corrections and resets are about.
    let inMinutes: Bool

    /// CTEs, of which the last is `occupancies`: how many are inside `at` the end of each window. They take the CTEs `zone`,
    /// `range` and `buckets`, and the parameters of `CountRange`.
    ///
    /// Points in time are put in order: ends of windows, resets, then what quarter hours that begin there change.
    /// Between two resets the changes add up. Minutes have no corrections: those of a quarter hour count when it ends,
    /// so that its last minute says what the quarter hour says.
    var tables: String {
        """
        resets as (
          select reset_at as at, 2 as kind, occupancy as change
          from read.occupancy_resets
          where camera_id = :camera and reset_at < (select last from range)
          \(reset == .daily ? midnights : "")
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
            where camera_id = :camera and bucket_start < \(inMinutes ? quarter : "(select last from range)")
              and bucket_start >= (select at from since)
            \(inMinutes ? latest : "")
          ) as changes
          where \(CountRange.isWanted)
          group by bucket_start
          \(inMinutes ? corrections : "")
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

    private var midnights: String {
        """
        union all
        -- a day whose midnight comes twice has one
        select distinct local_start(date_trunc('day', first at time zone zone.name), zone.name), 1, 0
        from zone, (
          \(Bucket.day.all(
              from: Bucket.day.start(of: "(select first from range)", zone: "(select name from zone)"),
              to: "(select last from range)", zone: "(select name from zone)"))
        ) as days
        """
    }

    /// The beginning of the quarter hour in which the range begins: from there on minutes are added up one by one.
    private var quarter: String { "(select \(Bucket.quarterHour.start(of: "first", zone: "")) from range)" }

    private var corrections: String {
        """
        union all
        select bucket_start + interval '15 minutes', -1, sum(correction_in - correction_out)
        from read.hourly_counts
        where camera_id = :camera and bucket_start >= greatest(\(quarter), (select at from since))
          and bucket_start + interval '15 minutes' <= (select last from range)
          and \(CountRange.isWanted)
        group by bucket_start
        """
    }

    private var latest: String {
        """
        union all
        select bucket_start, line, class, count_in, count_out, correction_in, correction_out
        from \(AnalyticsQuery.minutes)
        where camera_id = :camera and bucket_start >= greatest(\(quarter), (select at from since))
          and bucket_start < (select last from range)
        """
    }

    /// A JSON object: since when it is counted, how it stands at the end, and its highest.
    var shown: String {
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
