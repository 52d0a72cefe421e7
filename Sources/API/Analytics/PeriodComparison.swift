/// SQL for how counts compare with the time before.
enum PeriodComparison {
    /// The CTE `previous`, which has `first` and `last`: the period before `range`, of the same length. Where the range
    /// is made of whole days of the zone, it is as many days, however long the clocks made them.
    static let range = """
        previous as (
          select
            case
              when \(Bucket.day.start(of: "first", zone: "zone.name")) = first
                and \(Bucket.day.start(of: "last", zone: "zone.name")) = last
              then \(
                Bucket.day.start(
                    ofKey: """
                        (\(Bucket.day.key(of: "first", zone: "zone.name")) - (\
                        \(Bucket.day.key(of: "last", zone: "zone.name")) \
                        - \(Bucket.day.key(of: "first", zone: "zone.name"))))
                        """, zone: "zone.name"))
              else first - (last - first)
            end as first,
            first as last
          from range, zone
        )
        """

    /// A JSON object: what `now` and `before`, tables of one row with the columns of `sums`, differ by. There is no
    /// percentage of nothing.
    static func change(_ now: String, since before: String) -> String {
        func difference(_ name: String, _ value: (String) -> String) -> String {
            """
            '\(name)', json_build_object(
              'absolute', \(value(now)) - (\(value(before))),
              'percent', round(
                100.0 * (\(value(now)) - (\(value(before)))) / nullif(\(value(before)), 0), 2)::double precision)
            """
        }
        return """
            json_build_object(
              \(difference("corrected_in") { "(\($0).count_in + \($0).correction_in)" }),
              \(difference("corrected_out") { "(\($0).count_out + \($0).correction_out)" }),
              \(difference("corrected_total") {
                "(\($0).count_in + \($0).correction_in + \($0).count_out + \($0).correction_out)"
              }))
            """
    }

    /// A JSON object with that time, what was counted in it, and what has changed since: of `totals` and `totals_before`,
    /// tables of one row with the columns of `CountMeasures.sums`, and of the CTE `previous`.
    static let shown = """
        (
          select row_to_json(shown)
          from (
            select
              (select rfc3339(first) from previous) as "from", (select rfc3339(last) from previous) as "to",
              (select row_to_json(t) from (select \(CountMeasures.shown) from totals_before) as t) as totals,
              \(change("totals", since: "totals_before")) as change
            from totals, totals_before
          ) as shown
        )
        """
}
