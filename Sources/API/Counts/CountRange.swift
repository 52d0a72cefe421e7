import Counting
import EventSourcing
import Postgres

/// Which of one camera's counts: those of a range of time, of one line and of one class where these are named.
struct CountRange {
    let from: Timestamp
    let to: Timestamp
    /// nil for the camera's own.
    var zone: TimeZoneName?
    var line: String?
    var objectClass: String?

    /// The parameters of a query that `tables` and `isWanted` are parts of.
    static let parameters: [(key: String, value: ValueType)] = [
        ("camera", .integer), ("from", .timestamp), ("to", .timestamp), ("zone", .text), ("line", .text),
        ("class", .text),
    ]

    /// The values of `parameters`.
    func values(_ id: CameraID) -> [(key: String, value: Parameter)] {
        [
            ("camera", .integer(id.number)), ("from", .timestamp(from.microseconds)),
            ("to", .timestamp(to.microseconds)), ("zone", .text(zone?.text)), ("line", .text(line)),
            ("class", .text(objectClass)),
        ]
    }

    /// Whether so many buckets lie in it that an answer with each of them would be too long.
    func isTooLong(for bucket: Bucket) -> Bool {
        (to - from) / .seconds(bucket.seconds) > Double(CountQuery.maximumRows)
    }

    /// The CTEs `camera` (`removed`, `time_zone`), `zone` (`name`) and `range` (`first`, `last`): the range in whole
    /// buckets.
    static func tables(_ bucket: Bucket) -> String {
        """
        camera as (
          select removed, time_zone from read.camera_state where camera_id = :camera
        ),
        zone as (
          select coalesce(:zone::text, (select time_zone from camera), 'UTC') as name
        ),
        \(bucket.range(from: ":from::timestamptz", to: ":to::timestamptz"))
        """
    }

    /// The condition on rows with a line and a class.
    static let isWanted = "(:line::text is null or line = :line) and (:class::text is null or class = :class)"
}

extension Query {
    /// `from`, `to`, `tz`, `line` and `class`.
    func countRange(now: Timestamp) -> Field<CountRange> {
        let range = timeRange(now: now)
        let zone = optional("tz", TimeZoneName.init)
        let line = optional("line", QueryRule.text)
        let objectClass = optional("class", QueryRule.text)
        return make(at: "from") {
            let (from, to) = try range.get()
            return CountRange(
                from: from, to: to, zone: try zone.get(), line: try line.get(), objectClass: try objectClass.get())
        }
    }
}
