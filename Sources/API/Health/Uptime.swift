/// The share of the time that a camera was meant to run in which it was online, as SQL in one form wherever it is shown.
///
/// Meant to run is from each start to the next stop; maintenance stops a camera. Online is from an online heartbeat to
/// the next heartbeat, for as long as it vouches at most. Null where it was not meant to run at all.
enum Uptime {
    /// SQL for the uptime of a camera since it was registered, in percent.
    /// - Parameter camera: SQL for its id.
    static func ofLife(_ camera: String) -> String {
        """
        (
          select \(percentage)
          from (
            select
              (
                select sum(1000 * extract(epoch from greatest(began_at, coalesce(ended_at, now())) - began_at))
                from read.camera_runs as run
                where run.camera_id = \(camera)
              ) as meant_ms,
              up_ms - (
                -- what heartbeats vouch for from now on
                select coalesce(sum(milliseconds(up * tstzmultirange(tstzrange(now(), null)))), 0)
                from read.camera_coverage as coverage
                where coverage.camera_id = \(camera)
                  and bucket_start > now() - interval '5 minutes' - heartbeat_vouching()
              ) as up_ms
            from read.camera_uptime as uptime
            where uptime.camera_id = \(camera)
          ) as sums
        )
        """
    }

    /// SQL for the uptime of a camera within a range of time, up to now, in percent.
    /// - Parameters:
    ///   - camera: SQL for its id.
    ///   - first: SQL for the range's first instant.
    ///   - last: SQL for the first instant after it.
    static func of(_ camera: String, from first: String, to last: String) -> String {
        """
        (
          select \(percentage)
          from (
            select tstzmultirange(tstzrange(least(\(first), \(last), now()), least(\(last), now()))) as range
          ) as asked
          cross join lateral (
            select
              (
                select sum(milliseconds(range * tstzmultirange(tstzrange(began_at, ended_at))))
                from read.camera_runs as run
                where run.camera_id = \(camera)
              ) as meant_ms,
              (
                select coalesce(sum(milliseconds(range * up)), 0)
                from read.camera_coverage as coverage
                where coverage.camera_id = \(camera)
                  and bucket_start > \(first) - interval '5 minutes' - heartbeat_vouching() and bucket_start < \(last)
              ) as up_ms
          ) as sums
        )
        """
    }

    private static let percentage = """
        case when meant_ms > 0 then round(least(100, 100.0 * up_ms / meant_ms), 2)::double precision end
        """
}
