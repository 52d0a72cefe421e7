/// SQL for what counts come to: what was measured, what corrections add, and both together.
enum CountMeasures {
    /// Adds up rows with the columns of `read.hourly_counts`; 0 where there are none.
    static let sums = """
        coalesce(sum(count_in), 0)::bigint as count_in, coalesce(sum(count_out), 0)::bigint as count_out,
        coalesce(sum(readings), 0)::bigint as readings, coalesce(sum(correction_in), 0)::bigint as correction_in,
        coalesce(sum(correction_out), 0)::bigint as correction_out
        """

    /// The columns that `sums` makes, as the API shows them.
    static let shown = """
        count_in, count_out, count_in + count_out as total_count, readings, correction_in, correction_out,
        count_in + correction_in as corrected_in, count_out + correction_out as corrected_out,
        \(total) as corrected_total
        """

    /// What is compared, ranked and shared out.
    static let total = "count_in + correction_in + count_out + correction_out"

    /// The CTE `previous`, which has `first` and `last`: the period before `range`, of the same length. Where the range
    /// is made of whole days of the zone, it is as many days, however long the clocks made them.
    static let previousRange = """
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

    /// A JSON array with the share of each `name` in all that the table `counts` holds, the largest first. The shares add
    /// up to 1, and are null where there is nothing.
    static func shares(by name: String) -> String {
        let select = """
            select \(name), \(shown),
              (\(total))::double precision / nullif(sum(\(total)) over (), 0) as share
            """
        return """
            (select coalesce(json_agg(row_to_json(shares) order by corrected_total desc, \(name) collate "C"), '[]')
             from (
               \(select)
               from (select \(name), \(sums) from counts group by \(name)) as grouped
             ) as shares)
            """
    }
}
