/// What heartbeats say of a camera over a time: SQL on rows of `read.camera_metrics`, in one form wherever it is shown.
enum CameraMeasures {
    /// Adds the rows up.
    static let sums = """
        coalesce(sum(heartbeats), 0)::bigint as heartbeats,
        coalesce(sum(online), 0)::bigint as online,
        coalesce(sum(errors), 0)::bigint as errors,
        coalesce(sum(frames_dropped), 0)::bigint as frames_dropped,
        sum(response_time_us_sum) / 1000.0 / nullif(sum(response_times), 0) as response_time,
        max(response_time_us_max) / 1000.0 as slowest,
        sum(fps_milli_sum) / 1000.0 / nullif(sum(fps_values), 0) as fps,
        min(fps_milli_min) / 1000.0 as slowest_fps,
        sum(quality_milli_sum) / 1000.0 / nullif(sum(quality_values), 0) as quality
        """

    /// What is shown of the sums, by the names that it has in JSON. Null is what no heartbeat has measured.
    static let shown = """
        heartbeats, online, errors,
        round(errors::numeric / nullif(heartbeats, 0), 4)::double precision as error_rate,
        round(response_time, 3)::double precision as average_response_time_ms,
        round(slowest, 3)::double precision as maximum_response_time_ms,
        round(fps, 3)::double precision as average_fps,
        round(slowest_fps, 3)::double precision as minimum_fps,
        round(quality, 4)::double precision as average_stream_quality_score,
        frames_dropped
        """
}
