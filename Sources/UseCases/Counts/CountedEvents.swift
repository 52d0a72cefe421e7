import Counting
import EventLog
import EventSourcing
import Postgres

/// The events that make up a camera's counts, straight from the log: an answer to what the read model says, not from it.
///
/// Readings are found by when they were observed, those in the archive from the files that hold
/// some of it. Which takes of recordings were replaced stands in the camera's own stream.
package struct CountedEvents: Sendable {
    private let pool: Pool

    package init(pool: Pool) { self.pool = pool }

    /// Stands for the whole picture where a line's name would, which is never empty.
    package static let wholePicture = ""

    /// Which counts: of one camera, from one quarter hour's first instant to before another's, perhaps of one line and
    /// class only.
    package struct Selection: Sendable {
        let cameraID: CameraID
        let from: Timestamp
        let to: Timestamp
        let line: String?
        let objectClass: String?

        package init(cameraID: CameraID, from: Timestamp, to: Timestamp, line: String?, objectClass: String?) {
            self.cameraID = cameraID
            self.from = from
            self.to = to
            self.line = line
            self.objectClass = objectClass
        }

        /// The values of `CountedEvents.parameters`.
        var values: [(key: String, value: Parameter)] {
            [
                ("stream", .text(cameraID.telemetryStream.rawValue)), ("camera", .integer(cameraID.number)),
                ("from", .timestamp(from.microseconds)), ("to", .timestamp(to.microseconds)), ("line", .text(line)),
                ("class", .text(objectClass)),
            ]
        }
    }

    /// Nothing is read of an event that the read model leaves out: its data may be what its SQL cannot take.
    private static let unskipped = """
        case
          when position not in (select position from projection_skips where projection = 'hourly_counts') then data
        end as data
        """

    /// SQL for the first instant of the quarter hour that an instant is in.
    private static func bucket(_ instant: String) -> String {
        "date_bin('15 minutes', \(instant), timestamptz '0001-01-01 00:00:00+00')"
    }

    /// SQL for the minute in which a reading was observed, as text: `Migrations/0001_event_log.sql` has indexes on it.
    private static let minute = #"left(data ->> 'observed_at', 16) collate "C""#

    /// SQL for the minute that an instant begins.
    private static func minute(of instant: String) -> String {
        // Of the year 10000 no reading is.
        "(case when \(instant) < '10000-01-01' then to_char(\(instant) at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI') else '~' end)"
    }

    private static func ofTakes(_ table: String) -> String {
        """
        select type, position, \(unskipped)
        from \(table)
        where stream = '\(CameraID.StreamRole.life.prefix)' || :camera::bigint
          and type in ('\(Camera.takeBeganType)', '\(Camera.takeEndedType)')
        """
    }

    /// SQL for the bucket of the last reading of the take that `began` replaced.
    private static func lastBucket(in table: String) -> String {
        """
        (
          select \(bucket("(max(\(minute)) || ':00Z')::timestamptz"))
          from \(table)
          where stream = :stream and type = 'CountReadingRecorded' and data ? 'take'
            and data ->> 'take' = began.data ->> 'replaces'
            and position < began.position
            and position not in (select position from projection_skips where projection = 'hourly_counts')
        )
        """
    }

    /// The parameters of a query that `sources` is part of.
    static let parameters: [(key: String, value: ValueType)] = [
        ("stream", .text), ("camera", .integer), ("from", .timestamp), ("to", .timestamp), ("line", .text),
        ("class", .text),
    ]

    /// CTEs, to be preceded by one named `upto` with the last `position` that counts:
    /// - readings: one row a reading, with its bucket, but for those of takes that were replaced;
    /// - corrections: one row per correction and bucket that it touches, but where it was decided on such a take;
    /// - explained: what they add up to, one row per bucket, line and class.
    ///
    /// Late readings may stand anywhere in the stream after they were observed: an index leads to those of a range of time,
    /// so that the cost follows the range and not the stream. `position + 0` keeps the server from reading the primary key
    /// of the whole log besides, which at a million events took longer than all the rest.
    package static let sources = """
        recorded_readings as not materialized (
          select position, version, recorded_at, \(unskipped), actor, source, sequence
          from events
          where stream = :stream and type = 'CountReadingRecorded'
            and \(minute) >= \(minute(of: ":from")) and \(minute) < \(minute(of: ":to"))
          union all
          select position, version, recorded_at, \(unskipped), actor, source, sequence
          from archived_events
          where stream = :stream and type = 'CountReadingRecorded'
        ),
        recorded_corrections as not materialized (
          select position, version, recorded_at, \(unskipped), actor, source, sequence
          from events
          where stream = :stream and type = 'CountCorrected'
          union all
          select position, version, recorded_at, \(unskipped), actor, source, sequence
          from archived_events
          where stream = :stream and type = 'CountCorrected'
        ),
        takes as materialized (
          select type, position, data
          from (
            \(ofTakes("events"))
            union all
            \(ofTakes("archived_events"))
          ) as recorded_takes
          where position + 0 <= (select position from upto)
        ),
        replaced as materialized (
          select
            (began.data ->> 'replaces')::bigint as take,
            began.position,
            \(bucket("(first.data ->> 'started_at')::timestamptz")) as first_bucket_start,
            greatest(
              (
                select \(bucket("max((ended.data ->> 'ended_at')::timestamptz) - interval '1 microsecond'"))
                from takes as ended
                where ended.type = '\(Camera.takeEndedType)' and ended.data ->> 'take' = began.data ->> 'replaces'
              ),
              \(lastBucket(in: "events")),
              \(lastBucket(in: "archived_events"))
            ) as last_bucket_start
          from takes as began
          join takes as first
            on first.type = began.type and first.data ->> 'take' = began.data ->> 'replaces'
          where began.type = '\(Camera.takeBeganType)'
        ),
        readings as materialized (
          select
            position, version, recorded_at, actor, source, sequence, data,
            coalesce(data ->> 'line', '') as line, data ->> 'class' as class,
            \(bucket("(data ->> 'observed_at')::timestamptz")) as bucket_start,
            (data ->> 'count_in')::bigint as count_in, (data ->> 'count_out')::bigint as count_out
          from recorded_readings
          where position + 0 <= (select position from upto)
            and (data ->> 'observed_at')::timestamptz >= :from and (data ->> 'observed_at')::timestamptz < :to
            and (:line::text is null or coalesce(data ->> 'line', '') = :line)
            and (:class::text is null or data ->> 'class' = :class)
            and not exists (select from replaced where replaced.take = (data ->> 'take')::bigint)
        ),
        corrections as materialized (
          select
            position, version, recorded_at, actor, source, sequence, data,
            coalesce(data ->> 'line', '') as line, data ->> 'class' as class,
            bucket.start as bucket_start, bucket.delta_in as correction_in, bucket.delta_out as correction_out
          from recorded_corrections as recorded
          cross join lateral jsonb_to_recordset(data -> 'buckets')
            as bucket (start timestamptz, delta_in bigint, delta_out bigint)
          where position + 0 <= (select position from upto)
            and bucket.start >= :from and bucket.start < :to
            and (:line::text is null or coalesce(data ->> 'line', '') = :line)
            and (:class::text is null or data ->> 'class' = :class)
            and not exists (
              select
              from replaced
              where recorded.position < replaced.position
                and bucket.start between replaced.first_bucket_start and replaced.last_bucket_start
            )
        ),
        explained as materialized (
          select
            bucket_start, line, class, sum(count_in)::bigint as count_in, sum(count_out)::bigint as count_out,
            sum(readings)::bigint as readings, sum(correction_in)::bigint as correction_in,
            sum(correction_out)::bigint as correction_out
          from (
            select bucket_start, line, class, count_in, count_out, 1 as readings, 0 as correction_in, 0 as correction_out
            from readings
            union all
            select bucket_start, line, class, 0, 0, 0, correction_in, correction_out
            from corrections
          ) as contributions
          group by bucket_start, line, class
        )
        """

    /// Runs a statement over `sources` whose column `is_archived` is `CountedEvents.isArchived`; where that is so, once more with
    /// what the archive holds.
    package func row(
        _ query: SQLQuery, of selection: Selection, _ values: [(key: String, value: Parameter)]
    ) async throws -> Row? {
        let statement = query.statement(selection.values + values)
        return try await pool.withConnection { connection in
            let row = try await connection.pipeline([ArchivedTelemetry.holdPartitions, statement])[1].first
            guard let row, try row.bool("is_archived") else { return row }
            return try await ArchivedTelemetry(on: connection).with(
                [selection.cameraID.telemetryStream, selection.cameraID.stream],
                matching: { Self.mayCount($0, in: selection) }
            ) {
                try await connection.pipeline([statement])[0].first
            }
        }
    }

    /// SQL for whether some of the streams of the camera lies in the archive.
    package static let isArchived = """
        exists (
          select
          from archived_streams
          join segments using (segment)
          join log_head on segments.last_position <= log_head.archived_to
          where archived_streams.stream in (:stream, '\(CameraID.StreamRole.life.prefix)' || :camera::bigint)
        )
        """

    /// Whether an archived event is worth loading; the statement looks closer.
    private static func mayCount(_ event: RecordedEvent, in selection: Selection) -> Bool {
        switch event.type {
        case CountReading.eventType:
            guard let reading = try? CountReading(event) else { return true }  // the statement says what is wrong
            // How far a take reaches is told by all of its readings.
            return reading.take != nil
                || reading.observedAt.instant >= selection.from && reading.observedAt.instant < selection.to
        case CountCorrection.eventType, Camera.takeBeganType, Camera.takeEndedType: return true
        default: return false
        }
    }
}
