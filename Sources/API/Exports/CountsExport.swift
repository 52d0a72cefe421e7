import Postgres

/// The rows of the read model `hourly_counts`, quarter hours of UTC, as one statement sees them: consistent with one
/// another, however long it takes to read them. A connection is held for as long.
struct CountsExport: ExportSource {
    let pool: Pool
    let form: ExportForm
    let fleet: FleetFilter

    var header: String { columns.header(form.format) }

    func rows(_ write: ([UInt8]) async throws -> Void) async throws {
        let parameters: [Parameter] =
            [
                .timestamp(form.from.microseconds), .timestamp(form.to.microseconds), .text(form.line),
                .text(form.objectClass), .text(form.zone?.text),
            ] + fleet.parameters
        try await pool.withConnection { connection in
            try await connection.stream(sql, parameters) { rows in
                for try await row in rows { try await write(try row.bytes(0)) }
            }
        }
    }

    private var columns: ExportColumns {
        var columns: [ExportColumns.Column] = [
            .init("camera_id", .number), .init("bucket_start", .instant),
            .init("bucket_end", .instant, "(bucket_start + interval '15 minutes')"), .init("line", .text),
            .init("class", .text), .init("count_in", .number), .init("count_out", .number),
            .init("total_count", .number, "count_in + count_out"), .init("readings", .number),
            .init("correction_in", .number), .init("correction_out", .number),
            .init("corrected_in", .number, "count_in + correction_in"),
            .init("corrected_out", .number, "count_out + correction_out"),
        ]
        if form.zone != nil { columns.append(.init("bucket_local", .local, "bucket_start at time zone $5")) }
        return ExportColumns(columns: columns)
    }

    private var sql: String {
        """
        select \(columns.line(form.format))
        from read.hourly_counts
        where camera_id in (
            select camera_id from read.camera_state as camera where \(FleetFilter.sql("camera", from: 6))
          )
          and bucket_start >= $1 and bucket_start < $2
          and ($3::text is null or line = $3)
          and ($4::text is null or class = $4)
          and ($5::text is null or true)
        order by camera_id, bucket_start, line, class
        """
    }
}
