import Counting

/// The intervals that counts are added up in, as SQL over instants (`timestamptz`) and a time zone's name.
enum Bucket: String {
    case minute
    case quarterHour = "15m"
    case hour, day, week

    /// The one of this name, among those that counts are kept fine enough for: from quarter hours up.
    init(ofCounts name: String) throws(InvalidValue) {
        guard let bucket = Bucket(rawValue: name), bucket != .minute else {
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

    /// What all instants of a bucket have in common and no others: cheap to group by.
    /// An hour that the clocks repeat is two buckets; weeks begin on Monday (ISO 8601).
    func key(of instant: String, zone: String) -> String {
        switch self {
        case .minute: "date_bin('1 minute', \(instant), timestamptz '0001-01-01 00:00:00+00')"
        case .quarterHour: "date_bin('15 minutes', \(instant), timestamptz '0001-01-01 00:00:00+00')"
        case .hour: "date_trunc('hour', \(instant), \(zone))"
        case .day: "date_trunc('day', \(instant) at time zone \(zone))"
        case .week: "date_trunc('week', \(instant) at time zone \(zone))"
        }
    }

    /// The first instant of the bucket with this key.
    func start(ofKey key: String, zone: String) -> String {
        switch self {
        case .minute, .quarterHour: key
        case .hour: Self.firstInstant(ofHour: key, zone: zone)
        case .day, .week: Self.midnight(key, zone: zone)
        }
    }

    /// The first instant of the bucket that holds `instant`.
    func start(of instant: String, zone: String) -> String {
        start(ofKey: key(of: instant, zone: zone), zone: zone)
    }

    /// The first instant after the bucket that begins at `start`.
    func end(after start: String, zone: String) -> String {
        switch self {
        case .minute: "\(start) + interval '1 minute'"
        case .quarterHour: "\(start) + interval '15 minutes'"
        case .hour: Self.end(ofHour: start, zone: zone)
        case .day, .week:
            Self.midnight(
                "(\(key(of: start, zone: zone)) + interval '1 \(rawValue)')", zone: zone)
        }
    }

    /// All buckets that begin in a range of instants that is made of whole buckets, as a select of one column `first`.
    func all(from: String, to: String, zone: String) -> String {
        switch self {
        case .minute:
            """
            select first
            from generate_series(\(from), \(to) - interval '1 minute', interval '1 minute') as first
            """
        case .quarterHour, .hour:
            """
            select distinct \(start(of: "quarter", zone: zone)) as first
            from generate_series(\(from), \(to) - interval '15 minutes', interval '15 minutes') as quarter
            """
        case .day, .week:
            """
            select \(Self.midnight("local", zone: zone)) as first
            from generate_series(
              \(key(of: from, zone: zone)), (\(to) - interval '1 microsecond') at time zone \(zone),
              interval '1 \(rawValue)') as local
            """
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

    /// The instant at which a local day begins. Where the clocks go back at midnight it comes twice, and PostgreSQL
    /// takes the second: the day begins an hour before that.
    private static func midnight(_ local: String, zone: String) -> String {
        let instant = "(\(local) at time zone \(zone))"
        return """
            (case when (\(instant) - interval '1 hour') at time zone \(zone) >= \(local) \
            then \(instant) - interval '1 hour' else \(instant) end)
            """
    }

    /// Where the clocks change by half an hour (Lord Howe), an hour is cut in two: its second part begins later than
    /// the hour that `date_trunc` counts back to.
    private static func firstInstant(ofHour hour: String, zone: String) -> String {
        func isReached(after minutes: Int) -> String {
            "date_trunc('hour', \(hour) + interval '\(minutes) minutes', \(zone)) = \(hour)"
        }
        return """
            (case when \(isReached(after: 0)) then \(hour) \
            when \(isReached(after: 15)) then \(hour) + interval '15 minutes' \
            when \(isReached(after: 30)) then \(hour) + interval '30 minutes' \
            else \(hour) + interval '45 minutes' end)
            """
    }

    /// The first part of such an hour ends when the clocks change.
    private static func end(ofHour start: String, zone: String) -> String {
        let hour = "date_trunc('hour', \(start), \(zone))"
        func isOver(after minutes: Int) -> String {
            "date_trunc('hour', \(start) + interval '\(minutes) minutes', \(zone)) <> \(hour)"
        }
        return """
            (case when not (\(isOver(after: 45))) then \(start) + interval '1 hour' \
            when \(isOver(after: 15)) then \(start) + interval '15 minutes' \
            when \(isOver(after: 30)) then \(start) + interval '30 minutes' \
            else \(start) + interval '45 minutes' end)
            """
    }
}
