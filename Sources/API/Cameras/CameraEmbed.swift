import Counting
import EventSourcing

/// What comes with a camera beside its own members. Each part is as fresh as its own read model, and says so.
enum CameraEmbed: String, CaseIterable {
    /// What the latest heartbeat says, as `health`; null before the first.
    case health
    /// What was counted on the camera's own day, as `counts_today`.
    case counts

    /// The parts that a parameter names, with commas between them.
    static func set(choosing text: String) throws(InvalidValue) -> Set<CameraEmbed> {
        let names = text.parts(between: ",")
        let embeds = Set(names.compactMap { CameraEmbed(exactly: String($0)) })
        guard embeds.count == names.count else {
            throw InvalidValue(.unknownValue, "This is health or counts, or both with a comma between them.")
        }
        return embeds
    }

    /// The quarter hour that it is: a day begins with one, and readers who come within it ask for the same.
    static func quarter(_ now: Timestamp) -> Int64 { now.microseconds / 900_000_000 * 900_000_000 }

    /// CTEs on rows of the table `cameras`, which has `camera_id` and `time_zone`: `days` (`time_zone`, `first`,
    /// `last`) is the day in each zone, `counted` (`counted_id`, sums) what each camera counted on its own.
    ///
    /// Each table is gone through once for all cameras together: a query in the select list would be set up again for
    /// each.
    /// - Parameter quarter: SQL for a `timestamptz`, see `quarter(_:)`.
    static func today(_ quarter: String) -> String {
        """
        days as materialized (
          select time_zone, first, \(Bucket.day.end(after: "first", zone: "time_zone")) as last
          from (
            select time_zone, \(Bucket.day.start(of: quarter, zone: "time_zone")) as first
            from (select distinct time_zone from cameras) as zones
          ) as begun
        ),
        counted as (
          select
            camera_id as counted_id,
            sum(count_in)::bigint as count_in, sum(count_out)::bigint as count_out,
            sum(count_in + correction_in)::bigint as corrected_in,
            sum(count_out + correction_out)::bigint as corrected_out,
            sum(readings)::bigint as readings
          from cameras
          join days using (time_zone)
          join read.hourly_counts as counts using (camera_id)
          where bucket_start >= first and bucket_start < last
          group by camera_id
        )
        """
    }

    /// A CTE of one row: how far the read models are, and which build of the cameras' own is active.
    static let checkpoint = """
        checkpoint as materialized (
          select
            max(position) filter (where projection = 'camera_state') as position,
            max(build) filter (where projection = 'camera_state') as build,
            max(position) filter (where projection = 'health_summary') as health_position,
            max(position) filter (where projection = 'hourly_counts') as counts_position
          from projection_builds
          join projection_checkpoints using (build)
          where state = 'active' and projection in ('camera_state', 'health_summary', 'hourly_counts')
        )
        """

    /// SQL for the part as JSON, where a row of `checkpoint` is at hand and, for counts, rows of `days` and `counted`.
    /// - Parameters:
    ///   - camera: SQL for the camera's id.
    ///   - status: SQL for what its status is now (`CameraStanding.status`): its health tells the same.
    func document(of camera: String, status: String) -> String {
        switch self {
        case .health:
            """
            (
              select row_to_json(health)
              from (
                select
                  \(status) as status, rfc3339(last_heartbeat) as last_heartbeat, response_time_ms, stream_quality_score, error_count,
                  last_error_message, rfc3339(last_error_timestamp) as last_error_timestamp, cpu_usage, memory_usage,
                  network_bandwidth, fps, frames_dropped, readings_refused, readings_given_up,
                  health_position as position
                from read.health_summary as health
                where health.camera_id = \(camera) and last_heartbeat is not null
              ) as health
            )
            """
        case .counts:
            """
            (
              select row_to_json(counts)
              from (
                select
                  rfc3339(first) as "from",
                  coalesce(count_in, 0) as count_in, coalesce(count_out, 0) as count_out,
                  coalesce(corrected_in, 0) as corrected_in, coalesce(corrected_out, 0) as corrected_out,
                  coalesce(readings, 0) as readings, counts_position as position
              ) as counts
            )
            """
        }
    }

    /// The member that the part comes under.
    var member: String {
        switch self {
        case .health: "health"
        case .counts: "counts_today"
        }
    }
}
