import Hummingbird
import Postgres

/// The read models and their builds, for who runs them.
struct ProjectionReads: Sendable {
    let readModels: ReadModels

    private static let listSQL = """
        with builds as (
          select
            projection_builds.projection, build, definition, state, projection_checkpoints.position,
            log_head.position - projection_checkpoints.position as lag,
            rfc3339(created_at) as created_at, rfc3339(activated_at) as activated_at
          from projection_builds
          join projection_checkpoints using (build)
          cross join log_head
        ),
        items as (
          select
            projection as name,
            (
              select row_to_json(active)
              from (
                select build, position, lag, definition
                from builds as active
                where active.projection = builds.projection and state = 'active'
              ) as active
            ) as active,
            json_agg(
              json_build_object(
                'build', build, 'state', state, 'position', position, 'lag', lag, 'definition', definition,
                'created_at', created_at, 'activated_at', activated_at
              ) order by build
            ) as builds
          from builds
          group by projection
        )
        select
          position,
          json_build_object(
            'head', position, 'items', (select coalesce(json_agg(items order by name), '[]') from items))
        from log_head
        """

    @Sendable func list(_ request: Request, _ context: APIContext) async throws -> Response {
        try Query.none(request)
        guard let row = try await readModels.pool.query(Self.listSQL).first else { throw Problem.internalError }
        return .json(try row.bytes(1), position: try row.position)
    }
}
