/// The intervals that counts are added up in, as SQL over instants (`timestamptz`) and a time zone's name.
enum Bucket: String, CaseIterable {
    case quarterHour = "15m"
    case hour, day

    /// For an estimate of how many there are; days are not all as long.
    var seconds: Int64 {
        switch self {
        case .quarterHour: 900
        case .hour: 3600
        case .day: 86_400
        }
    }

    /// What all instants of a bucket have in common and no others: cheap to group by.
    /// An hour that the clocks repeat is two buckets.
    func key(of instant: String, zone: String) -> String {
        switch self {
        case .quarterHour: "date_bin('15 minutes', \(instant), timestamptz '0001-01-01 00:00:00+00')"
        case .hour: "date_trunc('hour', \(instant), \(zone))"
        case .day: "date_trunc('day', \(instant) at time zone \(zone))"
        }
    }

    /// The first instant of the bucket with this key.
    func start(ofKey key: String, zone: String) -> String {
        switch self {
        case .quarterHour, .hour: key
        case .day: Self.midnight(key, zone: zone)
        }
    }

    /// The first instant of the bucket that holds `instant`.
    func start(of instant: String, zone: String) -> String {
        start(ofKey: key(of: instant, zone: zone), zone: zone)
    }

    /// The first instant after the bucket that begins at `start`.
    func end(after start: String, zone: String) -> String {
        switch self {
        case .quarterHour: "\(start) + interval '15 minutes'"
        case .hour: "\(start) + interval '1 hour'"
        case .day:
            Self.midnight("(date_trunc('day', \(start) at time zone \(zone)) + interval '1 day')", zone: zone)
        }
    }

    /// All buckets that begin in a range of instants that is made of whole buckets, as a select of one column `first`.
    func all(from: String, to: String, zone: String) -> String {
        switch self {
        case .quarterHour, .hour:
            """
            select distinct \(start(of: "quarter", zone: zone)) as first
            from generate_series(\(from), \(to) - interval '15 minutes', interval '15 minutes') as quarter
            """
        case .day:
            """
            select \(Self.midnight("local", zone: zone)) as first
            from generate_series(
              date_trunc('day', \(from) at time zone \(zone)), (\(to) - interval '1 microsecond') at time zone \(zone),
              interval '1 day') as local
            """
        }
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
}
