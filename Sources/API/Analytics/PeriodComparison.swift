/// SQL for how counts compare with the time before.
enum PeriodComparison {
    /// The CTE `previous`, which has `first` and `last`: the period before `range`, of the same length. Where the range
    /// is made of whole days of the zone, it is as many days, however long the clocks made them.
    static let range = """
        previous as (
          select period_before(first, last, zone.name) as first, first as last
          from range, zone
        )
        """

    /// A JSON object: what `now` and `before`, tables of one row with the columns of `sums`, differ by. There is no
    /// percentage of nothing.
    /// - Parameter isKnown: whether corrections are; else all of it is null.
    static func change(_ now: String, since before: String, isKnown: Bool = true) -> String {
        func percent(_ value: (String) -> String) -> String {
            """
            round(100.0 * (\(value(now)) - (\(value(before)))) / nullif(\(value(before)), 0), 2)::double precision
            """
        }
        func difference(_ name: String, _ value: (String) -> String) -> String {
            """
            '\(name)', json_build_object(
              'absolute', \(isKnown ? "\(value(now)) - (\(value(before)))" : "null::bigint"),
              'percent', \(isKnown ? percent(value) : "null::double precision"))
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
    static func shown(_ measures: String = CountMeasures.shown, isKnown: Bool = true) -> String {
        """
        (
          select row_to_json(shown)
          from (
            select
              (select rfc3339(first) from previous) as "from", (select rfc3339(last) from previous) as "to",
              (select row_to_json(t) from (select \(measures) from totals_before) as t) as totals,
              \(change("totals", since: "totals_before", isKnown: isKnown)) as change
            from totals, totals_before
          ) as shown
        )
        """
    }
}
