import Counting
import EventSourcing
import Hummingbird
import Postgres

/// The cameras as the read model has them.
struct CameraReads: Sendable {
    let readModels: ReadModels
    let now: @Sendable () -> Timestamp

    /// A camera's members, in the order in which `CameraDocument` writes them.
    static let columns = """
        camera_id as id, name, location, description,
        case when stream_credentials is null and stream_credentials_id is null then stream_url
             else regexp_replace(stream_url, '://', '://\(CameraSecret.mask)@') end as stream_url,
        stream_type, status, desired_state, worker_id, settings, metadata, lines, time_zone, monitoring,
        case when security_config_id is not null then '\(CameraSecret.mask)' end as security_config,
        rfc3339(created_at) as created_at,
        rfc3339(updated_at) as updated_at,
        created_by, updated_by, version
        """

    /// What the latest heartbeat says; null before the first.
    private static let health = """
        select row_to_json(health)
        from (
          select
            status, rfc3339(last_heartbeat) as last_heartbeat, response_time_ms, stream_quality_score, error_count,
            last_error_message, rfc3339(last_error_timestamp) as last_error_timestamp, cpu_usage, memory_usage,
            network_bandwidth, fps, frames_dropped, \(ReadModels.position(of: .healthSummary)) as position
          from read.health_summary as health
          where health.camera_id = camera.camera_id and last_heartbeat is not null
        ) as health
        """

    /// The day that it is, in each of the time zones of the cameras in $1. $2 is the quarter hour that it is now: a day
    /// begins with one, and readers who come within it ask for the same.
    private static let days = """
        select time_zone, first, \(Bucket.day.end(after: "first", zone: "time_zone")) as last
        from (
          select time_zone, \(Bucket.day.start(of: "$2::timestamptz", zone: "time_zone")) as first
          from (select distinct time_zone from read.camera_state where camera_id = any ($1)) as zones
        ) as begun
        """

    /// What was counted since the day began where the camera is.
    private static let countsToday = """
        select row_to_json(counted)
        from (
          select
            rfc3339(days.first) as "from",
            coalesce(sum(count_in), 0)::bigint as count_in,
            coalesce(sum(count_out), 0)::bigint as count_out,
            coalesce(sum(count_in + correction_in), 0)::bigint as corrected_in,
            coalesce(sum(count_out + correction_out), 0)::bigint as corrected_out,
            coalesce(sum(readings), 0)::bigint as readings,
            \(ReadModels.position(of: .hourlyCounts)) as position
          from read.hourly_counts as counts
          where counts.camera_id = camera.camera_id and bucket_start >= days.first and bucket_start < days.last
        ) as counted
        """

    /// One row for each id in $1.
    private static let showSQL = """
        with days as materialized (\(days))
        select \(ReadModels.position(of: .cameraState)), wanted.id, camera.removed, camera.version, camera.document
        from unnest($1::bigint[]) as wanted (id)
        left join lateral (
          select
            removed, version,
            (
              select row_to_json(shown)
              from (select \(columns), (\(health)) as health, (\(countsToday)) as counts_today) as shown
            ) as document
          from read.camera_state as camera
          join days using (time_zone)
          where camera_id = wanted.id
        ) as camera on true
        """

    /// The camera, with how it fares and what it counted today. Each of the three is as fresh as its own read model, and
    /// says so: where one of those has stopped, the others go on.
    ///
    /// `ETag` is the version of the camera itself, which is what a command is made against; it does not change with
    /// heartbeats and counts. So 304 says that the camera is as it was, and nothing of those: whoever wants them does not
    /// send `If-None-Match`, and no cache does so for them, since the answer is not to be stored.
    @Sendable func show(_ request: Request, _ context: APIContext) async throws -> Response {
        let id = try context.cameraID
        let minimum = try Query.read(request) { $0.minimumPosition() }
        let known = try EntityTags(.ifNoneMatch, of: request)
        let quarter = now().microseconds / 900_000_000 * 900_000_000
        let row = try await readModels.read(
            [.cameraState], atLeast: minimum, of: id.number, Self.showSQL, [.timestamp(quarter)])
        try row.checkCamera(removed: 2)
        let (position, version) = (try row.position, try row.integer(3))
        if let known, known.matchesWeakly(version) { return .notModified(position: position, version: version) }
        var response = Response.json(try row.bytes(4), position: position, version: version)
        response.headers[.cacheControl] = "no-store"
        return response
    }

    @Sendable func list(_ request: Request, _ context: APIContext) async throws -> Response {
        let list = try CameraList(request, scope: context.principal.scope)
        let page = list.page
        let row = try await readModels.read([.cameraState], atLeast: page.minimumPosition, list.statement)
        let total = try row.integer(1)
        var body = Array(#"{"items":"#.utf8)
        body += try row.bytes(2)
        body += #","total":\#(total),"skip":\#(page.skip),"limit":\#(page.limit)}"#.utf8
        var response = Response.json(body, position: try row.position)
        response.headers[.link] = list.links(total: total)
        return response
    }
}

extension Row {
    /// Makes sure that there is a camera, where the column holds whether it was removed.
    func checkCamera(removed column: Int) throws {
        if isNull(column) { throw Problem(Camera.Rejection.unknown) }
        if try bool(column) { throw Problem(Camera.Rejection.removed) }
    }
}
