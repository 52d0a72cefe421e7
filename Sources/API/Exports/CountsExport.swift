import Postgres

/// The rows of the read model `hourly_counts`, quarter hours of UTC, one camera after the other: each as it was at the
/// export's position or later. They are read page by page, and no connection is held while a page is written.
struct CountsExport: ExportSource {
    let pool: Pool
    let form: ExportForm
    let fleet: FleetFilter
    /// How many rows are read at a time.
    var pageSize: Int64 = 5000

    var header: String { columns.header(form.format) }

    func rows(_ write: ([UInt8]) async throws -> Void) async throws {
        let cameras = try await pool.query(
            """
            with \(PlaceHistory.places)
            select camera_id from read.camera_state as camera
            where \(FleetFilter.sql("camera", from: 3))
              and \(PlaceHistory.wasAt(FleetFilter.location(from: 3), "camera.camera_id", from: "$1", to: "$2"))
            order by camera_id
            """, [.timestamp(form.from.microseconds), .timestamp(form.to.microseconds)] + fleet.parameters)
        for camera in cameras { try await rows(of: try camera.integer(0), write) }
    }

    private func rows(of camera: Int64, _ write: ([UInt8]) async throws -> Void) async throws {
        // Before the first row there can be, since a quarter hour begins with its second.
        var last: (bucket: Int64, line: String, objectClass: String) = (form.from.microseconds - 1, "", "")
        while true {
            try Task.checkCancellation()
            let page = try await pool.query(
                sql,
                [
                    .integer(camera), .timestamp(last.bucket), .text(last.line), .text(last.objectClass),
                    .timestamp(form.to.microseconds), .text(form.line), .text(form.objectClass),
                    .text(form.zone?.text), .integer(pageSize), .text(form.location),
                ])
            var text: [UInt8] = []
            for row in page { text += try row.bytes(0) }
            if !text.isEmpty { try await write(text) }
            guard page.count == Int(pageSize), let end = page.last else { return }
            last = (try end.timestamp(1), try end.text(2), try end.text(3))
        }
    }

    private var columns: ExportColumns {
        Self.columns(
            end: "(bucket_start + interval '15 minutes')", local: form.zone.map { _ in "bucket_start at time zone $8" })
    }

    /// Of a file of counts.
    /// - Parameters:
    ///   - end: SQL for the first instant after the bucket that begins at `bucket_start`.
    ///   - local: SQL for its beginning as the clocks of a time zone show it; nil: there is no such column.
    static func columns(end: String, local: String?) -> ExportColumns {
        var columns: [ExportColumns.Column] = [
            .init("camera_id", .number), .init("bucket_start", .instant), .init("bucket_end", .instant, end),
            .init("line", .text, "nullif(line, '')"), .init("class", .text), .init("count_in", .number),
            .init("count_out", .number),
            .init("total_count", .number, "count_in + count_out"), .init("readings", .number),
            .init("correction_in", .number), .init("correction_out", .number),
            .init("corrected_in", .number, "count_in + correction_in"),
            .init("corrected_out", .number, "count_out + correction_out"),
        ]
        if let local { columns.append(.init("bucket_local", .local, local)) }
        return ExportColumns(columns: columns)
    }

    /// The next rows of a camera in the order of the primary key, found by it.
    private var sql: String {
        """
        with \(PlaceHistory.places)
        select \(columns.line(form.format)), bucket_start, line, class
        from read.hourly_counts
        where camera_id = $1
          and (bucket_start, line, class) > ($2, $3, $4)
          and bucket_start < $5
          and ($6::text is null or line = $6)
          and ($7::text is null or class = $7)
          and ($8::text is null or true)
          and \(PlaceHistory.isAt("$10", "$1", "bucket_start"))
        order by bucket_start, line, class
        limit $9
        """
    }
}
