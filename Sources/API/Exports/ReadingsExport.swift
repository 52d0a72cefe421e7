import Counting
import EventLog
import EventSourcing
import Postgres

/// Readings as they were reported, from the log: as it was at one position, archived ones included. What a reading shows
/// of a frame is left out, since people may be on it. In order of their positions, one camera after the other where
/// cameras are chosen. Readings of a take of a recording that was replaced by then are left out.
struct ReadingsExport: ExportSource {
    private static let pageSize = 5000

    let pool: Pool
    let form: ExportForm
    /// nil: all that there are.
    let cameras: [CameraID]?
    /// The last position that is looked at.
    let head: Int64

    var header: String { Self.columns(isLocal: form.zone != nil).header(form.format) }

    func rows(_ write: ([UInt8]) async throws -> Void) async throws {
        let replaced = try await ReplacedTakes(upTo: head, in: pool)
        guard let cameras else { return try await rows(of: nil, but: replaced, write) }
        for camera in cameras { try await rows(of: camera.telemetryStream, but: replaced, write) }
    }

    private func rows(
        of stream: StreamName?, but replaced: ReplacedTakes, _ write: ([UInt8]) async throws -> Void
    ) async throws {
        // Nothing is recorded earlier than this before it was observed.
        let earliest = form.from - ObservationTime.widestTolerance
        let pages = EventPages(pool: pool, stream: stream, recordedFrom: earliest)
        var position: Int64 = 0
        while position < head {
            try Task.checkCancellation()
            let after = position
            let page = try await pages.page(after: after) { source in
                Self.page(of: source, ofOneStream: stream != nil, form.format, isLocal: form.zone != nil).statement(
                    among: [
                        ("stream", .text(stream?.rawValue)), ("after", .integer(after)), ("head", .integer(head)),
                        ("limit", .integer(Self.pageSize)), ("from", .timestamp(form.from.microseconds)),
                        ("to", .timestamp(form.to.microseconds)),
                        ("before_earliest", .timestamp(earliest.microseconds - 1)), ("line", .text(form.line)),
                        ("class", .text(form.objectClass)), ("zone", .text(form.zone?.text)),
                        ("location", .text(form.location)),
                    ] + replaced.values)
            }
            guard let page else { return }
            if let text = try page.row.optionalBytes("text") { try await write(text) }
            position = page.position
        }
    }

    private static func columns(isLocal: Bool) -> ExportColumns {
        var columns: [ExportColumns.Column] = [
            .init("position", .number), .init("camera_id", .number), .init("observed_at", .instant),
            .init("recorded_at", .instant), .init("line", .text, "nullif(line, '')"),
            .init("class", .text), .init("count_in", .number),
            .init("count_out", .number), .init("total_count", .number, "count_in + count_out"),
            .init("confidence_score", .number), .init("processing_time_ms", .number),
            .init("ai_model_version", .text), .init("source", .text), .init("sequence", .number),
            .init("take", .number),
        ]
        if isLocal { columns.append(.init("observed_local", .local, "observed_at at time zone :zone")) }
        return ExportColumns(columns: columns)
    }

    /// A page has a bounded number of events, whether they are wanted or not, so that each statement is short. Those of
    /// one stream are found by its versions.
    static func page(
        of source: EventPages.Source, ofOneStream: Bool, _ format: ExportForm.Format, isLocal: Bool
    ) -> SQLQuery {
        let place: String
        switch (source, ofOneStream) {
        case (.archived, _): place = "where position > :after"
        case (.stored, false):
            place = "where position > greatest(:after, (select position_at(:before_earliest)))"
        case (.stored, true):
            place = """
                where stream = :stream
                  and version > coalesce((select version from events where position = :after and stream = :stream), 0)
                """
        }
        let columns = columns(isLocal: isLocal)
        let sql = """
            with \(PlaceHistory.places),
            page as materialized (
              select position, recorded_at, type, data, source, sequence
              from \(source.rawValue)
              \(place)
                and position <= :head
              order by \(source == .stored && ofOneStream ? "version" : "position")
              \(source == .stored ? "limit :limit" : "")
            ),
            readings as (
              select
                position, recorded_at,
                (data ->> 'camera_id')::bigint as camera_id,
                (data ->> 'observed_at')::timestamptz as observed_at,
                coalesce(data ->> 'line', '') as line, data ->> 'class' as class,
                (data ->> 'count_in')::bigint as count_in, (data ->> 'count_out')::bigint as count_out,
                (data ->> 'confidence_score')::double precision as confidence_score,
                (data ->> 'processing_time_ms')::double precision as processing_time_ms,
                data ->> 'ai_model_version' as ai_model_version,
                source, sequence,
                (data ->> 'take')::bigint as take
              from page
              where type = '\(CountReading.eventType)'
            )
            select
              (select max(position) from page) as position,
              (
                select string_agg(\(columns.line(format)), '' order by position)
                from readings
                where observed_at >= :from and observed_at < :to
                  and (:line::text is null or line = :line)
                  and (:class::text is null or class = :class)
                  and \(PlaceHistory.isAt(":location", "readings.camera_id", "observed_at"))
                  and not exists (
                    select
                    from unnest(:replaced_cameras::bigint[], :replaced_takes::bigint[]) as replaced (camera_id, take)
                    where replaced.camera_id = readings.camera_id and replaced.take = readings.take
                  )
              ) as text
            """
        return SQLQuery(
            "readings_export_\(source.rawValue)\(ofOneStream ? "_of_stream" : "")_\(format)\(isLocal ? "_local" : "")",
            parts: sql,
            among: [
                ("stream", .text), ("after", .integer), ("head", .integer), ("limit", .integer), ("from", .timestamp),
                ("to", .timestamp), ("before_earliest", .timestamp), ("line", .text), ("class", .text), ("zone", .text),
                ("location", .text), ("replaced_cameras", .integers), ("replaced_takes", .integers),
            ], columns: ["position": .integer, "text": .bytes])
    }
}
