/// SQL for what counts come to: what was measured, what corrections add, and both together.
enum CountMeasures {
    /// Adds up rows with the columns of `read.hourly_counts`; 0 where there are none.
    static let sums = """
        coalesce(sum(count_in), 0)::bigint as count_in, coalesce(sum(count_out), 0)::bigint as count_out,
        coalesce(sum(readings), 0)::bigint as readings, coalesce(sum(correction_in), 0)::bigint as correction_in,
        coalesce(sum(correction_out), 0)::bigint as correction_out
        """

    /// The columns that `sums` makes, 0 where a bucket has no row.
    static let filled = """
        coalesce(count_in, 0) as count_in, coalesce(count_out, 0) as count_out, coalesce(readings, 0) as readings,
        coalesce(correction_in, 0) as correction_in, coalesce(correction_out, 0) as correction_out
        """

    /// The columns that `sums` makes, as the API shows them.
    static let shown = """
        count_in, count_out, count_in + count_out as total_count, readings, correction_in, correction_out,
        count_in + correction_in as corrected_in, count_out + correction_out as corrected_out,
        \(total) as corrected_total
        """

    /// The columns that `sums` makes as a row of `/counts` has them, after its line and class.
    static let row = """
        \(line), class, count_in, count_out, count_in + count_out as total_count, readings, correction_in, correction_out,
        count_in + correction_in as corrected_in, count_out + correction_out as corrected_out
        """

    /// The line as the API shows it: null for the whole picture.
    static let line = "nullif(line, '') as line"

    /// The same of minutes, whose corrections nobody knows: they are about quarter hours.
    static let shownOfMinutes = """
        count_in, count_out, count_in + count_out as total_count, readings, null::bigint as correction_in,
        null::bigint as correction_out, null::bigint as corrected_in, null::bigint as corrected_out,
        null::bigint as corrected_total
        """

    /// What is compared, ranked and shared out.
    static let total = "count_in + correction_in + count_out + correction_out"

    /// A JSON array with the share of each `name` (null for what has none) in all that the table `counts` holds, the largest first. The shares add
    /// up to 1, and are null where there is nothing.
    static func shares(by name: String, _ shown: String = shown) -> String {
        let select = """
            select nullif(\(name), '') as \(name), \(shown),
              (\(total))::double precision / nullif(sum(\(total)) over (), 0) as share
            """
        return """
            (select coalesce(json_agg(row_to_json(shares) order by share desc nulls last, \(name) collate "C"), '[]')
             from (
               \(select)
               from (select \(name), \(sums) from counts group by \(name)) as grouped
             ) as shares)
            """
    }
}
