import Access
import Counting
import EventSourcing
import Hummingbird
import Postgres
import UseCases

/// What is to be told of several cameras' counts over a range of time.
struct SummaryQuery {
    let minimumPosition: Int64?
    let fleet: FleetFilter
    let values: [(key: String, value: Parameter)]

    init(_ request: Request, scope: Scope, now: Timestamp) throws(Problem) {
        self = try Query.read(request) { query in
            let range = query.timeRange(now: now)
            let zone = query.value("tz", default: TimeZoneName.utc, TimeZoneName.init)
            let fleet = query.fleet(scope: scope)
            let line = query.optional("line", QueryRule.text)
            let objectClass = query.optional("class", QueryRule.text)
            let top = query.value("top", default: 10, QueryRule.integer(in: 1...100))
            let minimum = query.minimumPosition()
            return query.make(at: "from") {
                let (from, to) = try range.get()
                let fleet = try fleet.get()
                return SummaryQuery(
                    minimumPosition: try minimum.get(), fleet: fleet,
                    values: [
                        ("from", .timestamp(from.microseconds)), ("to", .timestamp(to.microseconds)),
                        ("zone", .text(try zone.get().text)), ("line", .text(try line.get())),
                        ("class", .text(try objectClass.get())), ("top", .integer(try top.get())),
                    ] + fleet.values)
            }
        }
    }

    private init(minimumPosition: Int64?, fleet: FleetFilter, values: [(key: String, value: Parameter)]) {
        self.minimumPosition = minimumPosition
        self.fleet = fleet
        self.values = values
    }

    private static func counts(in range: String) -> String {
        """
        select camera_id, places.location, line, class, count_in, count_out, readings, correction_in, correction_out
        from read.hourly_counts
        join cameras using (camera_id)
        join places using (camera_id)
        where bucket_start >= places.first and bucket_start < places.last
          and (\(location)::text is null or places.location = \(location))
          and bucket_start >= (select first from \(range)) and bucket_start < (select last from \(range))
          and (:line::text is null or line = :line)
          and (:class::text is null or class = :class)
        """
    }

    /// Which read models the statement reads.
    static let models: [ReadModel] = [.cameraState, .hourlyCounts, .cameraLocations]

    private static let location = FleetFilter.location

    /// Selects position and the answer as one JSON object.
    static let query = SQLQuery(
        "analytics_summary", sql,
        parameters: [
            ("from", .timestamp), ("to", .timestamp), ("zone", .text), ("line", .text), ("class", .text),
            ("top", .integer),
        ] + FleetFilter.parameters, columns: ["position": .integer, "answer": .bytes])

    private static let sql = """
        with zone as (
          select :zone::text as name
        ),
        \(Bucket.quarterHour.range(from: ":from::timestamptz", to: ":to::timestamptz")),
        \(PeriodComparison.range),
        \(PlaceHistory.places),
        cameras as materialized (
          select camera_id, name, location, removed
          from read.camera_state as camera
          where \(FleetFilter.sql("camera"))
        ),
        counts as materialized (
          select camera_id, location, line, class, \(CountMeasures.sums)
          from (\(counts(in: "range"))) as counts
          group by camera_id, location, line, class
        ),
        counts_before as materialized (
          select camera_id, \(CountMeasures.sums)
          from (\(counts(in: "previous"))) as counts
          group by camera_id
        ),
        totals as (select \(CountMeasures.sums) from counts),
        totals_before as (select \(CountMeasures.sums) from counts_before),
        by_camera as (select camera_id, \(CountMeasures.sums) from counts group by camera_id),
        busiest as (
          select
            camera_id, name, location, by_camera.count_in, by_camera.count_out, by_camera.readings,
            by_camera.correction_in, by_camera.correction_out,
            (\(CountMeasures.total))::double precision / nullif(sum(\(CountMeasures.total)) over (), 0) as share,
            \(CountMeasures.total) as total
          from by_camera
          join cameras using (camera_id)
          order by total desc, camera_id
          limit :top
        )
        select
          \(ReadModels.position(of: models)) as position,
          (
            select row_to_json(answer)
            from (
              select
                rfc3339(range.first) as "from", rfc3339(range.last) as "to", zone.name as tz,
                (select json_build_object(
                   'total', count(*) filter (where not removed
                     and \(PlaceHistory.wasAt(location, "cameras.camera_id", from: "range.first", to: "range.last"))),
                   'counting', (select count(*) from by_camera where readings > 0)) from cameras) as cameras,
                (select row_to_json(shown) from (select \(CountMeasures.shown) from totals) as shown) as totals,
                \(ReadModels.array(
                    """
                    select camera_id, name, location, \(CountMeasures.shown), share,
                      (select \(PeriodComparison.change("now", since: "before"))
                       from (select \(CountMeasures.sums) from counts_before where camera_id = busiest.camera_id) as before,
                         (select count_in, count_out, correction_in, correction_out) as now) as change
                    """, from: "busiest", orderedBy: "total desc, camera_id"))::json as busiest,
                \(CountMeasures.shares(by: "line")) as by_line,
                \(CountMeasures.shares(by: "class")) as by_class,
                \(CountMeasures.shares(by: "location")) as by_location,
                \(PeriodComparison.shown()) as previous
              from range, zone
            ) as answer
          ) as answer
        """
}
