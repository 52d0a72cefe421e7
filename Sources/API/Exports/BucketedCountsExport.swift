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
        for camera in try await pool.query(camerasSQL, parameters + fleet.parameters) {
            try await rows(of: camera, write)
        }
    }

    /// - Parameter camera: id, zone, and the first and last instant of its buckets.
    private func rows(of camera: Row, _ write: ([UInt8]) async throws -> Void) async throws {
        var next = try camera.timestamp(2)
        let (id, zone, last) = (try camera.integer(0), try camera.text(1), try camera.timestamp(3))
        while next < last {
            try Task.checkCancellation()
            let part = try await pool.query(
                partSQL,
                [
                    .integer(id), .text(zone), .timestamp(next), .timestamp(last), .text(form.line),
                    .text(form.objectClass), .integer(bucketsPerPart * bucket.seconds), .text(form.location),
                ])[0]
            let text = try part.bytes(0)
            if !text.isEmpty { try await write(text) }
            if part.isNull(1) { return }
            next = try part.timestamp(1)
        }
    }

    private var parameters: [Parameter] {
        [.timestamp(form.from.microseconds), .timestamp(form.to.microseconds), .text(form.zone?.text)]
    }

    /// The cameras, each with the buckets of its zone that begin in the range; the last may end some days after it.
    private var camerasSQL: String {
        """
        with \(PlaceHistory.places),
        cameras as (
          select camera_id, coalesce($3::text, time_zone) as zone
          from read.camera_state as camera
          where \(FleetFilter.sql("camera", from: 4))
            and \(PlaceHistory.wasAt(
                FleetFilter.location(from: 4), "camera.camera_id", from: "$1::timestamptz",
                to: "($2::timestamptz + interval '8 days')"))
        ),
        zones as materialized (
          select zone, \(firstStart(from: "$1::timestamptz")) as first, \(firstStart(from: "$2::timestamptz")) as last
          from (select distinct zone from cameras) as zones
        )
        select camera_id, zone, first, last
        from cameras
        join zones using (zone)
        order by camera_id
        """
    }

    /// The first instant from this one on at which a bucket of `zone` begins.
    private func firstStart(from instant: String) -> String {
        let start = bucket.start(of: instant, zone: "zone")
        return "case when \(start) = \(instant) then \(instant) else \(bucket.end(after: start, zone: "zone")) end"
    }

    private var columns: ExportColumns {
        CountsExport.columns(end: bucket.end(after: "bucket_start", zone: "$2"), local: "bucket_start at time zone $2")
    }

    /// One row: the text of the next buckets that hold something, and where those after them begin; null at the end. $3 is
    /// where a bucket begins, $4 where the last one ends, $7 how many seconds to read.
    private var partSQL: String {
        """
        with \(PlaceHistory.places),
        begun as (
          select min(bucket_start) as quarter
          from read.hourly_counts
          where camera_id = $1 and bucket_start >= $3 and bucket_start < $4
        ),
        part as (
          select
            quarter,
            least($4, \(bucket.end(
                after: bucket.start(of: "(quarter + $7::bigint * interval '1 second')", zone: "$2"), zone: "$2"))) as last
          from begun
          where quarter is not null
        ),
        grouped as (
          select min(bucket_start) as quarter, line, class, \(CountMeasures.sums)
          from read.hourly_counts, part
          where camera_id = $1 and bucket_start >= part.quarter and bucket_start < part.last
            and ($5::text is null or line = $5)
            and ($6::text is null or class = $6)
            and \(PlaceHistory.isAt("$8", "$1", "bucket_start"))
          group by line, class, \(bucket.keys(of: "bucket_start", zone: "$2"))
        ),
        counted as (
          select
            $1::bigint as camera_id, \(bucket.start(of: "quarter", zone: "$2")) as bucket_start, line, class,
            \(CountMeasures.sums)
          from grouped
          group by 1, 2, 3, 4
        )
        select
          (
            select coalesce(string_agg(\(columns.line(form.format)), '' order by bucket_start, line collate "C", class collate "C"), '')
            from counted
          ),
          (select last from part)
        """
    }
}
