import Counting
import EventSourcing
import Hummingbird
import Postgres

/// Which of a camera's counts are asked for, and how they are added up.
struct CountQuery {
    static let maximumRows: Int64 = 10_000

    let bucket: Bucket
    let minimumPosition: Int64?
    private let from: Timestamp
    private let to: Timestamp
    private let zone: TimeZoneName?
    private let line: String?
    private let objectClass: String?
    private let isFilled: Bool

    init(_ request: Request, now: Timestamp) throws(Problem) {
        self = try Query.read(request) { query in
            let range = query.timeRange(now: now)
            let bucket = query.value("bucket", default: Bucket.hour, Bucket.init(ofCounts:))
            let zone = query.optional("tz", TimeZoneName.init)
            let line = query.optional("line", QueryRule.text)
            let objectClass = query.optional("class", QueryRule.text)
            let isFilled = query.value("fill", default: false, QueryRule.flag)
            let minimum = query.minimumPosition()
            return query.make(at: "from") {
                CountQuery(
                    bucket: try bucket.get(), minimumPosition: try minimum.get(), from: try range.get().from,
                    to: try range.get().to, zone: try zone.get(), line: try line.get(),
                    objectClass: try objectClass.get(), isFilled: try isFilled.get())
            }
        }
        let buckets = (to - from) / .seconds(bucket.seconds)
        if isFilled, buckets > Double(Self.maximumRows) { throw .tooManyRows }
    }

    private init(
        bucket: Bucket, minimumPosition: Int64?, from: Timestamp, to: Timestamp, zone: TimeZoneName?, line: String?,
        objectClass: String?, isFilled: Bool
    ) {
        self.bucket = bucket
        self.minimumPosition = minimumPosition
        self.from = from
        self.to = to
        self.zone = zone
        self.line = line
        self.objectClass = objectClass
        self.isFilled = isFilled
    }

    func parameters(_ id: CameraID) -> [Parameter] {
        [
            .integer(id.number), .timestamp(from.microseconds), .timestamp(to.microseconds), .text(zone?.text),
            .text(line), .text(objectClass), .integer(Self.maximumRows + 1),
        ]
    }

    /// Selects position, whether the camera was removed, the range (from, to) in whole buckets, the time zone's name, the
    /// number of rows and the rows as one JSON array.
    var sql: String {
        """
        with camera as (
          select removed, time_zone from read.camera_state where camera_id = $1
        ),
        zone as (
          select coalesce($4, (select time_zone from camera), 'UTC') as name
        ),
        \(bucket.range(from: "$2::timestamptz", to: "$3::timestamptz")),
        grouped as (
          select
            \(bucket.key(of: "bucket_start", zone: "zone.name")) as key, line, class,
            sum(count_in)::bigint as count_in, sum(count_out)::bigint as count_out, sum(readings)::bigint as readings,
            sum(correction_in)::bigint as correction_in, sum(correction_out)::bigint as correction_out
          from read.hourly_counts, range, zone
          where camera_id = $1
            and bucket_start >= range.first and bucket_start < range.last
            and ($5::text is null or line = $5)
            and ($6::text is null or class = $6)
          group by 1, 2, 3
        ),
        counted as (
          select
            \(bucket.start(ofKey: "key", zone: "zone.name")) as first, line, class, count_in, count_out, readings,
            correction_in, correction_out
          from grouped, zone
        ),
        \(isFilled ? filled : "filled as (select * from counted)"),
        page as (
          select
            first, line, class, count_in, count_out, readings, correction_in, correction_out, zone.name as zone
          from filled, zone
          order by first, line collate "C", class collate "C"
          limit $7
        )
        select
          \(ReadModels.position(of: .cameraState, .hourlyCounts)),
          (select removed from camera),
          (select rfc3339(first) from range),
          (select rfc3339(last) from range),
          (select name from zone),
          (select count(*) from page),
          \(ReadModels.array(row, from: "page", orderedBy: #"first, line collate "C", class collate "C""#))
        """
    }

    private var row: String {
        """
        select
          rfc3339(first) as bucket_start,
          rfc3339(\(bucket.end(after: "first", zone: "zone"))) as bucket_end,
          line, class, count_in, count_out, readings, correction_in, correction_out,
          count_in + correction_in as corrected_in, count_out + correction_out as corrected_out
        """
    }

    /// A row for each bucket and each line and class that occurs in the range, or that is asked for by both names.
    private var filled: String {
        """
        kinds as (
          select distinct line, class from counted
          union
          select $5, $6 where $5 is not null and $6 is not null
        ),
        buckets as (
          \(bucket.all(from: "(select first from range)", to: "(select last from range)", zone: "(select name from zone)"))
        ),
        filled as (
          select
            first, line, class, coalesce(count_in, 0) as count_in, coalesce(count_out, 0) as count_out,
            coalesce(readings, 0) as readings, coalesce(correction_in, 0) as correction_in,
            coalesce(correction_out, 0) as correction_out
          from buckets
          cross join kinds
          left join counted using (first, line, class)
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
