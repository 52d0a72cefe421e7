import Access
import Counting
import EventSourcing
import Hummingbird
import Postgres
import UseCases

/// Which counts of several cameras are asked for, and how they are added up.
struct FleetCountQuery {
    enum Grouping: String, CaseIterable {
        /// A row for each camera.
        case camera
        /// A row for all cameras together.
        case total
    }

    /// Which read models the statement reads.
    static let models: [ReadModel] = [.cameraState, .hourlyCounts, .cameraLocations]

    let bucket: Bucket
    let grouping: Grouping
    let zone: TimeZoneName
    let minimumPosition: Int64?
    let fleet: FleetFilter
    let values: [(key: String, value: Parameter)]
    private let length: Duration
    private let isFilled: Bool

    init(_ request: Request, scope: Scope, now: Timestamp) throws(Problem) {
        self = try Query.read(request) { query in
            let range = query.timeRange(now: now)
            let bucket = query.value("bucket", default: Bucket.hour, Bucket.init(ofCounts:))
            let grouping = query.value("group_by", default: Grouping.camera, Grouping.init(choosing:))
            let zone = query.value("tz", default: TimeZoneName.utc, TimeZoneName.init)
            let fleet = query.fleet(scope: scope)
            let line = query.optional("line", QueryRule.text)
            let objectClass = query.optional("class", QueryRule.text)
            let isFilled = query.value("fill", default: false, QueryRule.flag)
            let minimum = query.minimumPosition()
            return query.make(at: "from") {
                let range = try range.get()
                let zone = try zone.get()
                let fleet = try fleet.get()
                return FleetCountQuery(
                    bucket: try bucket.get(), grouping: try grouping.get(), zone: zone,
                    minimumPosition: try minimum.get(), fleet: fleet,
                    values: [
                        ("from", .timestamp(range.from.microseconds)), ("to", .timestamp(range.to.microseconds)),
                        ("zone", .text(zone.text)), ("line", .text(try line.get())),
                        ("class", .text(try objectClass.get())), ("limit", .integer(CountQuery.maximumRows + 1)),
                    ] + fleet.values, length: range.to - range.from, isFilled: try isFilled.get())
            }
        }
        if isFilled, length / .seconds(bucket.seconds) > Double(CountQuery.maximumRows) { throw .tooManyRows }
    }

    private init(
        bucket: Bucket, grouping: Grouping, zone: TimeZoneName, minimumPosition: Int64?, fleet: FleetFilter,
        values: [(key: String, value: Parameter)], length: Duration, isFilled: Bool
    ) {
        self.bucket = bucket
        self.grouping = grouping
        self.zone = zone
        self.minimumPosition = minimumPosition
        self.fleet = fleet
        self.values = values
        self.length = length
        self.isFilled = isFilled
    }

    private var subject: String { grouping == .camera ? "camera_id" : "0::bigint as camera_id" }
    private var order: String { #"first, camera_id, line collate "C", class collate "C""# }

    /// Selects position, the range (from, to) in whole buckets, the number of rows (more than there are on the page, where
    /// they are too many) and the rows as one JSON array.
    var query: SQLQuery {
        SQLQuery(
            "fleet_counts_\(bucket)_\(grouping)\(isFilled ? "_filled" : "")", sql,
            parameters: [
                ("from", .timestamp), ("to", .timestamp), ("zone", .text), ("line", .text), ("class", .text),
                ("limit", .integer),
            ] + FleetFilter.parameters,
            columns: ["position": .integer, "from": .text, "to": .text, "rows": .integer, "items": .bytes])
    }

    private var sql: String {
        """
        with zone as (
          select :zone::text as name
        ),
        \(bucket.range(from: ":from::timestamptz", to: ":to::timestamptz")),
        \(PlaceHistory.places),
        cameras as (
          select camera_id from read.camera_state as camera where \(FleetFilter.sql("camera"))
        ),
        grouped as (
          select min(bucket_start) as quarter, \(subject), line, class, \(CountMeasures.sums)
          from read.hourly_counts
          join cameras using (camera_id), range, zone
          where bucket_start >= range.first and bucket_start < range.last
            and (:line::text is null or line = :line)
            and (:class::text is null or class = :class)
            and \(PlaceHistory.isAt(FleetFilter.location, "hourly_counts.camera_id", "bucket_start"))
          group by 2, 3, 4, \(bucket.keys(of: "bucket_start", zone: "zone.name"))
        ),
        counted as (
          select
            \(bucket.start(of: "quarter", zone: "zone.name")) as first, camera_id, line, class, \(CountMeasures.sums)
          from grouped, zone
          group by 1, 2, 3, 4
        ),
        \(isFilled ? filled : "filled as (select * from counted), size as (select 0 as rows)"),
        page as (
          select filled.*, zone.name as zone
          from filled, zone
          order by \(order)
          limit :limit
        )
        select
          \(ReadModels.position(of: Self.models)) as position,
          (select rfc3339(first) from range) as "from",
          (select rfc3339(last) from range) as "to",
          greatest((select count(*) from page), (select rows from size)) as rows,
          \(ReadModels.array(row, from: "page", orderedBy: order)) as items
        """
    }

    private var row: String {
        """
        select
          \(grouping == .camera ? "camera_id," : "")
          rfc3339(first) as bucket_start,
          rfc3339(\(bucket.end(after: "first", zone: "zone"))) as bucket_end,
          \(CountMeasures.row)
        """
    }

    /// A row for each bucket and each camera, line and class that occur together in the range; none where that would be
    /// too many.
    private var filled: String {
        """
        kinds as (
          select distinct camera_id, line, class from counted
        ),
        buckets as materialized (
          \(bucket.all(from: "(select first from range)", to: "(select last from range)", zone: ":zone"))
        ),
        size as materialized (
          select (select count(*) from kinds) * (select count(*) from buckets) as rows
        ),
        filled as (
          select
            first, camera_id, line, class, \(CountMeasures.filled)
          from buckets
          cross join kinds
          left join counted using (first, camera_id, line, class)
          where (select rows from size) < :limit
        )
        """
    }
}
