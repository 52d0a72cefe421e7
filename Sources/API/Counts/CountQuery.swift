import Counting
import EventSourcing
import Hummingbird
import Postgres

/// Which of a camera's counts are asked for, and how they are added up.
struct CountQuery {
    static let maximumRows: Int64 = 10_000

    let bucket: Bucket
    let minimumPosition: Int64?
    private let range: CountRange
    private let isFilled: Bool

    init(_ request: Request, now: Timestamp) throws(Problem) {
        self = try Query.read(request) { query in
            let range = query.countRange(now: now)
            let bucket = query.value("bucket", default: Bucket.hour, Bucket.init(ofCounts:))
            let isFilled = query.value("fill", default: false, QueryRule.flag)
            let minimum = query.minimumPosition()
            return query.make(at: "from") {
                CountQuery(
                    bucket: try bucket.get(), minimumPosition: try minimum.get(), range: try range.get(),
                    isFilled: try isFilled.get())
            }
        }
        if isFilled, range.isTooLong(for: bucket) { throw .tooManyRows }
    }

    private init(bucket: Bucket, minimumPosition: Int64?, range: CountRange, isFilled: Bool) {
        self.bucket = bucket
        self.minimumPosition = minimumPosition
        self.range = range
        self.isFilled = isFilled
    }

    func statement(_ id: CameraID) -> Statement {
        query.statement(range.values(id) + [("limit", .integer(Self.maximumRows + 1))])
    }

    /// The range (from, to) is in whole buckets; there are more rows than on the page where they are too many.
    var query: SQLQuery {
        SQLQuery(
            "counts_\(bucket)\(isFilled ? "_filled" : "")", sql,
            parameters: CountRange.parameters + [("limit", .integer)],
            columns: [
                "position": .integer, "removed": .bool, "from": .text, "to": .text, "zone": .text, "rows": .integer,
                "items": .bytes,
            ])
    }

    private var sql: String {
        """
        with \(CountRange.tables(bucket)),
        grouped as (
          select min(bucket_start) as quarter, line, class, \(CountMeasures.sums)
          from read.hourly_counts, range, zone
          where camera_id = :camera
            and bucket_start >= range.first and bucket_start < range.last
            and \(CountRange.isWanted)
          group by line, class, \(bucket.keys(of: "bucket_start", zone: "zone.name"))
        ),
        counted as (
          select
            \(bucket.start(of: "quarter", zone: "zone.name")) as first, line, class, \(CountMeasures.sums)
          from grouped, zone
          group by 1, 2, 3
        ),
        \(isFilled ? filled : "filled as (select * from counted), size as (select 0 as rows)"),
        page as (
          select
            first, line, class, count_in, count_out, readings, correction_in, correction_out, zone.name as zone
          from filled, zone
          order by first, line collate "C", class collate "C"
          limit :limit
        )
        select
          \(ReadModels.position(of: .cameraState, .hourlyCounts)) as position,
          (select removed from camera) as removed,
          (select rfc3339(first) from range) as "from",
          (select rfc3339(last) from range) as "to",
          (select name from zone) as zone,
          greatest((select count(*) from page), (select rows from size)) as rows,
          \(ReadModels.array(row, from: "page", orderedBy: #"first, line collate "C", class collate "C""#)) as items
        """
    }

    private var row: String {
        """
        select
          rfc3339(first) as bucket_start,
          rfc3339(\(bucket.end(after: "first", zone: "zone"))) as bucket_end,
          \(CountMeasures.row)
        """
    }

    /// A row for each bucket and each line and class that occurs in the range, or that is asked for by both names; none
    /// where that would be too many.
    private var filled: String {
        """
        kinds as (
          select distinct line, class from counted
          union
          select :line, :class where :line is not null and :class is not null
        ),
        buckets as materialized (
          \(bucket.all(from: "(select first from range)", to: "(select last from range)", zone: "(select name from zone)"))
        ),
        size as materialized (
          select (select count(*) from kinds) * (select count(*) from buckets) as rows
        ),
        filled as (
          select
            first, line, class, \(CountMeasures.filled)
          from buckets
          cross join kinds
          left join counted using (first, line, class)
          where (select rows from size) < :limit
        )
        """
    }
}

extension Query {
    /// `from` and `to`: by default the day before `to`, and up to now.
    func timeRange(now: Timestamp) -> Field<(from: Timestamp, to: Timestamp)> {
        let to = value("to", default: now, QueryRule.instant)
        let from = optional("from", QueryRule.instant)
        return make(at: "from") {
            let to = try to.get()
            let from = try from.get() ?? to - .seconds(86_400)
            guard from < to else { throw InvalidValue(.outOfRange, "from lies before to.") }
            return (from, to)
        }
    }
}

extension Problem {
    static var tooManyRows: Problem {
        Problem(.tooManyRows, "More than \(CountQuery.maximumRows) rows; ask for a shorter time or larger buckets.")
    }
}
