import Counting
import EventSourcing

/// The intervals that counts are added up in, as SQL over instants (`timestamptz`) and a time zone's name.
///
/// What an hour, a day and a week of local time are, where clocks change too, is said in
/// `Migrations/functions/bucket_start.sql`.
enum Bucket: String, CaseIterable {
    case minute
    case quarterHour = "15m"
    case hour, day, week

    /// The one of this name, among those that counts are kept fine enough for: from quarter hours up.
    init(ofCounts name: String) throws(InvalidValue) {
        guard let bucket = Bucket(exactly: name), bucket != .minute else {
            throw InvalidValue(.unknownValue, "This is one of 15m, hour, day, week.")
        }
        self = bucket
    }

    /// For an estimate of how many there are; days are not all as long.
    var seconds: Int64 {
        switch self {
        case .minute: 60
        case .quarterHour: 900
        case .hour: 3600
        case .day: 86_400
        case .week: 604_800
        }
    }

    /// Expressions to group quarter hours by, whose first instants are given. A group lies in one bucket, and a bucket has
    /// few groups: this is cheap, where finding the bucket of each row is not. Adding up goes on by the `start` of a
    /// group's first quarter hour.
    func keys(of quarter: String, zone: String) -> String {
        switch self {
        case .minute, .quarterHour: quarter
        case .hour, .day, .week:
            """
            date_trunc('\(rawValue)', \(quarter) at time zone \(zone)), \
            \(quarter) at time zone \(zone) - \(quarter) at time zone 'UTC'
            """
        }
    }

    /// The first instant of the bucket that holds `instant`.
    func start(of instant: String, zone: String) -> String {
        switch self {
        case .minute: "date_bin('1 minute', \(instant), timestamptz '0001-01-01 00:00:00+00')"
        case .quarterHour: "quarter_hour(\(instant))"
        case .hour, .day, .week: "bucket_start('\(rawValue)', \(instant), \(zone))"
        }
    }

    /// The first instant after the bucket that begins at `start`.
    func end(after start: String, zone: String) -> String {
        switch self {
        case .minute: "\(start) + interval '1 minute'"
        case .quarterHour: "\(start) + interval '15 minutes'"
        case .hour, .day, .week: "bucket_end('\(rawValue)', \(start), \(zone))"
        }
    }

    /// All buckets that begin in a range of instants that is made of whole buckets, as a select of one column `first`.
    func all(from: String, to: String, zone: String) -> String {
        switch self {
        case .minute:
            "select first from generate_series(\(from), \(to) - interval '1 minute', interval '1 minute') as first"
        case .quarterHour:
            "select first from generate_series(\(from), \(to) - interval '15 minutes', interval '15 minutes') as first"
        case .hour, .day, .week: "select first from bucket_starts('\(rawValue)', \(from), \(to), \(zone)) as first"
        }
    }

    /// CTEs `starts` and `range`, which has `first` and `last`: the instants from `from` to `to`, widened to whole
    /// buckets of the zone whose `name` is in the CTE `zone`.
    func range(from: String, to: String) -> String {
        """
        starts as (
          select
            \(start(of: from, zone: "zone.name")) as first,
            \(start(of: to, zone: "zone.name")) as last
          from zone
        ),
        range as (
          select
            first,
            case when last = \(to) then last else \(end(after: "last", zone: "zone.name")) end as last
          from starts, zone
        )
        """
    }
}
