import Counting
import EventSourcing
import Postgres

/// Which events make up a count, what they add up to, and whether the read model says the same: all at the one position
/// that the read model reflects.
package struct CountExplanation: Sendable {
    package struct Question: Sendable {
        package var cameraID: CameraID
        /// Widened to whole quarter hours.
        package var from: Timestamp
        package var to: Timestamp
        package var line: String?
        package var objectClass: String?
        /// Only events after this position are listed; all are added up.
        package var after: Int64
        package var limit: Int64

        package init(
            cameraID: CameraID, from: Timestamp, to: Timestamp, line: String? = nil, objectClass: String? = nil,
            after: Int64 = 0, limit: Int64 = 100
        ) {
            self.cameraID = cameraID
            self.from = from
            self.to = to
            self.line = line
            self.objectClass = objectClass
            self.after = after
            self.limit = limit
        }

        fileprivate var selection: CountedEvents.Selection {
            CountedEvents.Selection(
                cameraID: cameraID, from: from.startOfQuarterHour, to: to.endOfQuarterHour, line: line,
                objectClass: objectClass)
        }
    }

    package struct Answer: Sendable {
        /// What the read model reflects; nil before its first build is ready.
        package let position: Int64?
        /// Whether the camera was removed; nil where there never was one.
        package let isRemoved: Bool?
        /// The last position listed, where more events follow.
        package let next: Int64?
        /// A JSON object in UTF-8.
        package let json: [UInt8]
    }

    /// How many buckets that differ are named.
    static let maximumDifferences = 100
    /// How many events that the read model leaves out are named.
    static let maximumSkips = 1000

    private let events: CountedEvents

    package init(pool: Pool) { events = CountedEvents(pool: pool) }

    package func answer(_ question: Question) async throws -> Answer {
        let row = try await events.row(Self.query, of: question.selection, Self.values(question))
        guard let row else { throw PostgresError.decoding(reason: "an explanation without a row") }
        return Answer(
            position: try row.optionalInteger("position"),
            isRemoved: try row.isNull("is_removed") ? nil : try row.bool("is_removed"),
            next: try row.optionalInteger("next"), json: try row.bytes("answer"))
    }

    private static func values(_ question: Question) -> [(key: String, value: Parameter)] {
        [("after", .integer(question.after)), ("limit", .integer(question.limit))]
    }

    /// What is asked of the database where no part of the history is archived.
    static func statement(_ question: Question) -> Statement {
        query.statement(question.selection.values + values(question))
    }

    private static let totals = """
        coalesce(sum(count_in), 0)::bigint as count_in, coalesce(sum(count_out), 0)::bigint as count_out,
        coalesce(sum(readings), 0)::bigint as readings,
        coalesce(sum(correction_in), 0)::bigint as correction_in,
        coalesce(sum(correction_out), 0)::bigint as correction_out,
        coalesce(sum(count_in + correction_in), 0)::bigint as corrected_in,
        coalesce(sum(count_out + correction_out), 0)::bigint as corrected_out
        """

    private static func counts(_ table: String) -> String {
        """
        case when \(table).bucket_start is not null then
          json_build_object(
            'count_in', \(table).count_in, 'count_out', \(table).count_out, 'readings', \(table).readings,
            'correction_in', \(table).correction_in, 'correction_out', \(table).correction_out)
        end
        """
    }

    /// Selects whether part of the events is archived, position, whether the camera was removed, the last position of a
    /// page that is not the last one, and the answer. Events are read up to the position that the read model reflects in
    /// the statement's own snapshot.
    static let query = SQLQuery(
        "count_explanation",
        """
        with upto as materialized (
          select \(ReadModel.position(of: .hourlyCounts)) as position
        ),
        \(CountedEvents.sources),
        counted as materialized (
          select bucket_start, line, class, count_in, count_out, readings, correction_in, correction_out
          from read.hourly_counts
          where camera_id = :camera
            and bucket_start >= :from and bucket_start < :to
            and (:line::text is null or line = :line)
            and (:class::text is null or class = :class)
        ),
        differences as materialized (
          select
            coalesce(explained.bucket_start, counted.bucket_start) as bucket_start,
            coalesce(explained.line, counted.line) as line,
            coalesce(explained.class, counted.class) as class,
            \(counts("explained")) as explained,
            \(counts("counted")) as read_model
          from explained
          full join counted using (bucket_start, line, class)
          where (
            explained.count_in, explained.count_out, explained.readings, explained.correction_in,
            explained.correction_out
          ) is distinct from (
            counted.count_in, counted.count_out, counted.readings, counted.correction_in, counted.correction_out
          )
        ),
        listed as (
          select
            position, version, recorded_at, actor, source, sequence, 'CountReadingRecorded' as type, line, class,
            data ->> 'observed_at' as observed_at, (data ->> 'take')::bigint as take, null::text as from, null::text as to, null::text as reason,
            count_in, count_out, null::bigint as correction_in, null::bigint as correction_out
          from readings
          union all
          select
            position, version, recorded_at, actor, source, sequence, 'CountCorrected', line, class,
            null, null, data ->> 'from', data ->> 'to', data ->> 'reason',
            null, null, sum(correction_in)::bigint, sum(correction_out)::bigint
          from corrections
          group by position, version, recorded_at, actor, source, sequence, line, class, data
        ),
        page as (
          select *
          from listed
          where position > :after
          order by position
          limit :limit
        )
        select
          \(CountedEvents.isArchived) as is_archived,
          (select position from upto) as position,
          (select closed from streams where name = :stream) as is_removed,
          (
            select position
            from (select max(position) as position from page) as last
            where exists (select from listed where listed.position > last.position)
          ) as next,
          json_build_object(
            'from', rfc3339(:from), 'to', rfc3339(:to), 'line', :line, 'class', :class,
            'position', (select position from upto),
            'differs', exists (select from differences),
            'skipped_positions', (
              select coalesce(json_agg(position order by position), '[]')
              from (
                select position
                from read.skips
                where projection = 'hourly_counts'
                  and (stream is null or stream = :stream)
                  and (observed_at is null or observed_at >= :from and observed_at < :to)
                order by position
                limit \(maximumSkips)
              ) as skipped
            ),
            'explained', (select row_to_json(total) from (select \(totals) from explained) as total),
            'read_model', (select row_to_json(total) from (select \(totals) from counted) as total),
            'differences', (
              select coalesce(
                json_agg(
                  json_build_object(
                    'bucket_start', rfc3339(bucket_start), 'line', nullif(line, ''), 'class', class, 'explained', explained,
                    'read_model', read_model) order by bucket_start, line, class),
                '[]')
              from (
                select * from differences order by bucket_start, line, class limit \(maximumDifferences)
              ) as shown
            ),
            'items', (
              select coalesce(
                json_agg(
                  json_strip_nulls(
                    json_build_object(
                      'position', position, 'version', version, 'type', type, 'line', nullif(line, ''), 'class', class,
                      'observed_at', observed_at,
                      -- before there was a camera: of a recording, or imported
                      'backfill', case
                        when observed_at::timestamptz
                          < (select created_at from read.camera_state where camera_id = :camera) then true
                      end,
                      'from', page.from, 'to', page.to,
                      'count_in', count_in, 'count_out', count_out,
                      'correction_in', correction_in, 'correction_out', correction_out, 'reason', reason,
                      'take', take, 'source', source, 'sequence', sequence,
                      'actor', actor, 'recorded_at', rfc3339(recorded_at))) order by position),
                '[]')
              from page
            )
          ) as answer
        """, parameters: CountedEvents.parameters + [("after", .integer), ("limit", .integer)],
        columns: [
            "is_archived": .bool, "position": .integer, "is_removed": .bool, "next": .integer, "answer": .bytes,
        ])
}
