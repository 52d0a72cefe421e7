import EventLog
import EventSourcing
import Hummingbird
import Postgres

/// The read models and their builds, for who runs them.
struct ProjectionReads: Sendable {
    let readModels: ReadModels

    private static let listSQL = """
        with stalls as (
          select
            build,
            json_strip_nulls(json_build_object(
              'reason', reason, 'since', rfc3339(since), 'position', position, 'type', type, 'stream', stream,
              'sql_state', sql_state, 'error', error, 'pid', pid, 'lock_mode', lock_mode, 'lock_object', lock_object,
              'held_by', held_by, 'last_process', last_process
            )) as stall
          from read.projection_stalls
        ),
        builds as (
          select
            projections.projection, projections.build, definition, state, position, lag, is_running, head,
            percent, rate, seconds_left, throttle,
            rfc3339(created_at) as created_at, rfc3339(activated_at) as activated_at, stall
          from read.projections
          left join stalls using (build)
        ),
        items as (
          select
            projection as name,
            (
              select row_to_json(active)
              from (
                select build, position, lag, definition, stall
                from builds as active
                where active.projection = builds.projection and state = 'active'
              ) as active
            ) as active,
            (
              select json_build_object('name', process, 'since', rfc3339(began_at))
              from projection_runners
              where projection_runners.projection = builds.projection
                and exists (
                  select from builds as active
                  where active.projection = builds.projection and state = 'active' and is_running)
            ) as process,
            (
              select coalesce(json_agg(position order by position), '[]')
              from projection_skips
              where projection_skips.projection = builds.projection
            ) as skipped_positions,
            json_agg(
              json_build_object(
                'build', build, 'state', state, 'position', position, 'lag', lag, 'percent', percent,
                'events_per_second', rate, 'seconds_left', seconds_left, 'throttle', throttle, 'definition', definition,
                'created_at', created_at, 'activated_at', activated_at, 'stall', stall
              ) order by build
            ) as builds
          from builds
          group by projection
        )
        select
          position,
          json_build_object(
            'head', position, 'items', (select coalesce(json_agg(items order by name), '[]') from items)) as answer
        from log_head
        """

    @Sendable func list(_ request: Request, _ context: APIContext) async throws -> Response {
        try Query.none(request)
        let row: Row?
        do {
            row = try await readModels.pool.withConnection { connection in
                try await connection.pipeline([Self.waitBriefly, Statement(Self.listSQL)])[1].first
            }
        } catch let error as PostgresError where error.isLockTimeout {
            throw Self.blocked(by: try await BlockingSession.all(on: readModels.pool))
        }
        guard let row else { throw Problem.internalError }
        return .json(try row.bytes("answer"), position: try row.position)
    }

    /// Who holds a lock is to be named, not waited for.
    private static let waitBriefly = Statement("select set_config('lock_timeout', '2s', true)")

    private static func blocked(by sessions: [BlockingSession]) -> Problem {
        let who = sessions.first.map { ": \($0)" } ?? ""
        return .passing(
            .databaseUnavailable, "The tables of the read models are locked\(who).",
            members: ["blocked_by": .array(sessions.map(\.json))])
    }
}
