import Postgres

/// The rows of the read model `hourly_counts`, quarter hours of UTC, one camera after the other: each as it was at the
/// export's position or later. They are read page by page, and no connection is held while a page is written.
struct CountsExport: ExportSource {
    let pool: Pool
    let form: ExportForm
    let fleet: FleetFilter
    /// How many rows are read at a time.
    var pageSize: Int64 = 5000

    var header: String { Self.columns(isLocal: form.zone != nil).header(form.format) }

    func rows(_ write: ([UInt8]) async throws -> Void) async throws {
        let cameras = try await pool.query(
            Self.cameras.statement(
                [("from", .timestamp(form.from.microseconds)), ("to", .timestamp(form.to.microseconds))]
                    + fleet.values))
        for camera in cameras { try await rows(of: try camera.integer("camera_id"), write) }
    }

    private func rows(of camera: Int64, _ write: ([UInt8]) async throws -> Void) async throws {
        // Before the first row there can be, since a quarter hour begins with its second.
        var last: (bucket: Int64, line: String, objectClass: String) = (form.from.microseconds - 1, "", "")
        while true {
            try Task.checkCancellation()
            let page = try await pool.query(
                Self.page(form.format, isLocal: form.zone != nil).statement(
                    among: [
                        ("camera", .integer(camera)), ("last_bucket", .timestamp(last.bucket)),
                        ("last_line", .text(last.line)), ("last_class", .text(last.objectClass)),
                        ("to", .timestamp(form.to.microseconds)), ("line", .text(form.line)),
                        ("class", .text(form.objectClass)), ("zone", .text(form.zone?.text)),
                        ("limit", .integer(pageSize)), ("location", .text(form.location)),
                    ]))
            var text: [UInt8] = []
            for row in page { text += try row.bytes("text") }
            if !text.isEmpty { try await write(text) }
            guard page.count == Int(pageSize), let end = page.last else { return }
            last = (try end.timestamp("bucket_start"), try end.text("line"), try end.text("class"))
        }
    }

    private static func columns(isLocal: Bool) -> ExportColumns {
        columns(
            end: "(bucket_start + interval '15 minutes')", local: isLocal ? "bucket_start at time zone :zone" : nil)
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

    static let cameras = SQLQuery(
        "counts_export_cameras",
        """
        with \(PlaceHistory.places)
        select camera_id from read.camera_state as camera
        where \(FleetFilter.sql("camera"))
          and \(PlaceHistory.wasAt(FleetFilter.location, "camera.camera_id", from: ":from", to: ":to"))
        order by camera_id
        """, parameters: [("from", .timestamp), ("to", .timestamp)] + FleetFilter.parameters,
        columns: ["camera_id": .integer])

    /// The next rows of a camera in the order of the primary key, found by it.
    /// - Parameter isLocal: whether a column shows them in the time zone.
    static func page(_ format: ExportForm.Format, isLocal: Bool) -> SQLQuery {
        SQLQuery(
            "counts_export_\(format)\(isLocal ? "_local" : "")",
            parts: """
                with \(PlaceHistory.places)
                select \(columns(isLocal: isLocal).line(format)) as text, bucket_start, line, class
                from read.hourly_counts
                where camera_id = :camera
                  and (bucket_start, line, class) > (:last_bucket, :last_line, :last_class)
                  and bucket_start < :to
                  and (:line::text is null or line = :line)
                  and (:class::text is null or class = :class)
                  and \(PlaceHistory.isAt(":location", ":camera", "bucket_start"))
                order by bucket_start, line, class
                limit :limit
                """,
            among: [
                ("camera", .integer), ("last_bucket", .timestamp), ("last_line", .text), ("last_class", .text),
                ("to", .timestamp), ("line", .text), ("class", .text), ("zone", .text), ("limit", .integer),
                ("location", .text),
            ],
            columns: ["text": .bytes, "bucket_start": .timestamp, "line": .text, "class": .text])
    }
}
