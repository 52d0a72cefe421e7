import Counting
import EventSourcing
import Postgres

/// Events that `hourly_counts` leaves out for good, told with each answer that would otherwise be made of them, too.
extension ReadModels {
    /// How many are told at most.
    private static let maximumSkips = 1000

    /// Of one camera.
    /// - Parameters:
    ///   - from: RFC 3339, as `to`.
    /// - Returns: their positions, in order.
    func skippedCounts(of id: CameraID, from: String, to: String) async throws -> [Int64] {
        guard try await hasSkippedCounts() else { return [] }
        let rows = try await pool.query(
            """
            select position
            from read.skips
            where projection = $1
              and (stream is null or stream = $2)
              and (observed_at is null or observed_at >= $3::text::timestamptz and observed_at < $4::text::timestamptz)
            order by position
            limit \(Self.maximumSkips)
            """,
            [.text(ReadModel.hourlyCounts.rawValue), .text(id.telemetryStream.rawValue), .text(from), .text(to)])
        return try rows.map { try $0.integer(0) }
    }

    /// Of the cameras that a query over several is about.
    func skippedCounts(of query: FleetCountQuery) async throws -> [Int64] {
        guard try await hasSkippedCounts() else { return [] }
        let rows = try await pool.query(
            """
            with \(PlaceHistory.places)
            select position
            from read.skips
            where projection = '\(ReadModel.hourlyCounts.rawValue)'
              and (observed_at is null or observed_at >= $1 and observed_at < $2)
              and (
                stream is null or stream in (
                  select 'telemetry-' || camera_id
                  from read.camera_state as camera
                  where \(FleetFilter.sql("camera", from: 7))
                    and \(PlaceHistory.wasAt(FleetFilter.location(from: 7), "camera.camera_id", from: "$1", to: "$2"))
                )
              )
            order by position
            limit \(Self.maximumSkips)
            """, query.parameters)
        return try rows.map { try $0.integer(0) }
    }

    /// Nearly always there is none, so that this is all that is asked.
    private func hasSkippedCounts() async throws(PostgresError) -> Bool {
        try await shared.query(
            Statement(
                "select exists (select from read.skips where projection = $1)",
                [.text(ReadModel.hourlyCounts.rawValue)])
        )[0].bool(0)
    }

    /// The member of an answer, with a comma after it; nothing where none is left out.
    static func member(ofSkipped positions: [Int64]) -> [UInt8] {
        if positions.isEmpty { return [] }
        return Array(#""skipped_positions":[\#(positions.map(String.init).joined(separator: ","))],"#.utf8)
    }
}
