import Hummingbird
import Postgres

/// The reactions, for who runs them.
struct ReactionReads: Sendable {
    let readModels: ReadModels

    private static let listSQL = """
        with items as (
          select
            reaction as name, position, lag,
            case when is_running then json_build_object('name', process, 'since', rfc3339(began_at)) end as process,
            (
              select coalesce(json_agg(reaction_skips.position order by reaction_skips.position), '[]')
              from reaction_skips
              where reaction_skips.reaction = reactions.reaction
            ) as skipped_positions,
            case when stall is not null then
              json_strip_nulls(json_build_object(
                'reason', stall, 'since', rfc3339(stalled_since), 'position', stalled_position, 'type', type,
                'stream', stream, 'error', error, 'last_process', case when stall = 'no_process' then process end
              ))
            end as stall
          from read.reactions
        )
        select
          position,
          json_build_object(
            'head', position, 'items', (select coalesce(json_agg(items order by name), '[]') from items)) as answer
        from log_head
        """

    @Sendable func list(_ request: Request, _ context: APIContext) async throws -> Response {
        try Query.none(request)
        guard let row = try await readModels.pool.query(Self.listSQL).first else { throw Problem.internalError }
        return .json(try row.bytes("answer"), position: try row.position)
    }
}
