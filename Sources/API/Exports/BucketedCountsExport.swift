import EventSourcing
import Postgres

/// Counts in hours, days or weeks, one camera after the other: those that begin in the range, each as a whole. A camera's
/// are of the time zone that was asked for, else of its own. They are read in parts of some days or months, and no
/// connection is held while a part is written.
struct BucketedCountsExport: ExportSource {
    let pool: Pool
    let form: ExportForm
    let fleet: FleetFilter
    /// How many buckets are read at a time: hours of a week.
    var bucketsPerPart: Int64 = 168

    private var bucket: Bucket { form.bucket }

    var header: String { columns.header(form.format) }

    func rows(_ write: ([UInt8]) async throws -> Void) async throws {
        for camera in try await pool.query(cameras.statement(values + fleet.values)) {
            try await rows(of: camera, write)
        }
    }

    /// - Parameter camera: a row of `cameras`.
    private func rows(of camera: Row, _ write: ([UInt8]) async throws -> Void) async throws {
        var next = try camera.timestamp("first")
        let (id, zone, last) = (
            try camera.integer("camera_id"), try camera.text("zone"), try camera.timestamp("last")
        )
        while next < last {
            try Task.checkCancellation()
            let page = try await pool.query(
                part.statement([
                    "camera": .integer(id), "zone": .text(zone), "next": .timestamp(next), "end": .timestamp(last),
                    "line": .text(form.line), "class": .text(form.objectClass),
                    "seconds": .integer(bucketsPerPart * bucket.seconds), "location": .text(form.location),
                ]))[0]
            let text = try page.bytes("text")
            if !text.isEmpty { try await write(text) }
            guard let following = try page.optionalTimestamp("last") else { return }
            next = following
        }
    }

    private var values: [(key: String, value: Parameter)] {
        [
            ("from", .timestamp(form.from.microseconds)), ("to", .timestamp(form.to.microseconds)),
            ("zone", .text(form.zone?.text)),
        ]
    }

    /// The cameras, each with the buckets of its zone that begin in the range; the last may end some days after it.
    var cameras: SQLQuery {
        SQLQuery(
            "bucketed_counts_export_cameras_\(bucket)",
            """
            with \(PlaceHistory.places),
            cameras as (
              select camera_id, coalesce(:zone::text, time_zone) as zone
              from read.camera_state as camera
              where \(FleetFilter.sql("camera"))
                and \(PlaceHistory.wasAt(
                    FleetFilter.location, "camera.camera_id", from: ":from::timestamptz",
                    to: "(:to::timestamptz + interval '8 days')"))
            ),
            zones as materialized (
              select zone, \(firstStart(from: ":from::timestamptz")) as first, \(firstStart(from: ":to::timestamptz")) as last
              from (select distinct zone from cameras) as zones
            )
            select camera_id, zone, first, last
            from cameras
            join zones using (zone)
            order by camera_id
            """, parameters: [("from", .timestamp), ("to", .timestamp), ("zone", .text)] + FleetFilter.parameters,
            columns: ["camera_id": .integer, "zone": .text, "first": .timestamp, "last": .timestamp])
    }

    /// The first instant from this one on at which a bucket of `zone` begins.
    private func firstStart(from instant: String) -> String {
        let start = bucket.start(of: instant, zone: "zone")
        return "case when \(start) = \(instant) then \(instant) else \(bucket.end(after: start, zone: "zone")) end"
    }

    private var columns: ExportColumns {
        CountsExport.columns(
            end: bucket.end(after: "bucket_start", zone: ":zone"), local: "bucket_start at time zone :zone")
    }

    /// One row: the text of the next buckets that hold something, and where those after them begin; null at the end. `next`
    /// is where a bucket begins, `end` where the last one ends, `seconds` how long a part is.
    var part: SQLQuery {
        SQLQuery(
            "bucketed_counts_export_\(bucket)_\(form.format)",
            """
            with \(PlaceHistory.places),
            begun as (
              select min(bucket_start) as quarter
              from read.hourly_counts
              where camera_id = :camera and bucket_start >= :next and bucket_start < :end
            ),
            part as (
              select
                quarter,
                least(:end, \(bucket.end(
                    after: bucket.start(of: "(quarter + :seconds::bigint * interval '1 second')", zone: ":zone"), zone: ":zone"))) as last
              from begun
              where quarter is not null
            ),
            grouped as (
              select min(bucket_start) as quarter, line, class, \(CountMeasures.sums)
              from read.hourly_counts, part
              where camera_id = :camera and bucket_start >= part.quarter and bucket_start < part.last
                and (:line::text is null or line = :line)
                and (:class::text is null or class = :class)
                and \(PlaceHistory.isAt(":location", ":camera", "bucket_start"))
              group by line, class, \(bucket.keys(of: "bucket_start", zone: ":zone"))
            ),
            counted as (
              select
                :camera::bigint as camera_id, \(bucket.start(of: "quarter", zone: ":zone")) as bucket_start, line, class,
                \(CountMeasures.sums)
              from grouped
              group by 1, 2, 3, 4
            )
            select
              (
                select coalesce(string_agg(\(columns.line(form.format)), '' order by bucket_start, line collate "C", class collate "C"), '')
                from counted
              ) as text,
              (select last from part) as last
            """,
            parameters: [
                "camera": .integer, "zone": .text, "next": .timestamp, "end": .timestamp, "line": .text,
                "class": .text, "seconds": .integer, "location": .text,
            ], columns: ["text": .bytes, "last": .timestamp])
    }
}
