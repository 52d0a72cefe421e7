import Counting
import EventSourcing
import Hummingbird
import Postgres

/// What who runs the read models may ask of them.
struct ProjectionCommands: Sendable {
    let pool: Pool

    /// Whether the projection is known, whether a rebuild of it is under way or asked for, and whether this one is asked
    /// for now, which tells the processes that fill builds.
    static let request = SQLQuery(
        "request_rebuild",
        """
        with known as (
          select
            exists (select from projection_builds where projection = :projection) as is_known,
            exists (select from projection_builds where projection = :projection and state = 'building')
              or exists (select from projection_rebuilds where projection = :projection) as is_under_way
        ),
        requested as (
          insert into projection_rebuilds (projection, throttle)
          select :projection, :throttle from known where is_known and not is_under_way
          on conflict do nothing
          returning projection
        )
        select
          is_known, (select count(*) from requested) = 1 as is_requested,
          (select pg_notify('footfall_builds', projection)::text from requested) as notified
        from known
        """, parameters: ["projection": .text, "throttle": .integer],
        columns: ["is_known": .bool, "is_requested": .bool, "notified": .text])

    /// Has the read model rebuilt by one of the processes that run projections; answers before that has begun.
    @Sendable func rebuild(_ request: Request, _ context: APIContext) async throws -> Response {
        try Query.none(request)
        let name = context.parameters.get("name") ?? ""
        let throttle =
            try Form.read(try await request.optionalJSON() ?? [:]) { form in
                form.optional("throttle", .percentOfTime)
            } ?? 100
        let row = try await pool.query(Self.request, ["projection": .text(name), "throttle": .integer(throttle)])[0]
        guard try row.bool("is_known") else { throw Problem(.projectionNotFound, "There is no projection \(name).") }
        guard try row.bool("is_requested") else {
            throw Problem(.rebuildUnderWay, "A rebuild of \(name) is under way or asked for already.")
        }
        let answer: JSONObject = ["name": .string(name), "throttle": .integer(throttle)]
        return .json(JSON.object(answer).bytes, status: .accepted, position: nil)
    }
}

extension MemberRule where Value == Int64 {
    /// How much of the time something is done.
    fileprivate static var percentOfTime: Self {
        .integer { (percent: Int64) throws(InvalidValue) in
            guard (1...100).contains(percent) else {
                throw InvalidValue(.outOfRange, "A throttle is a percentage of the time, from 1 to 100.")
            }
            return percent
        }
    }
}
