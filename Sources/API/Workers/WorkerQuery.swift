import Access
import Counting
import EventSourcing
import Postgres

/// The queries about workers, over the cameras of a scope.
struct WorkerQuery {
    let scope: Scope

    private var conditions: [String] { ScopeCondition.conditions(scope) }

    private static let parameters: [(key: String, value: ValueType)] =
        [
            ("worker", .text), ("after_worker", .text), ("after_camera", .integer), ("skip", .integer),
            ("limit", .integer),
        ] + ScopeCondition.parameters

    private func statement(
        of query: SQLQuery, _ page: ListPage, _ values: [(key: String, value: Parameter)]
    ) -> Statement {
        query.statement(
            among: values + [("skip", .integer(page.skip)), ("limit", .integer(page.limit))]
                + ScopeCondition(scope).values, prepared: conditions.isEmpty && page.start == nil)
    }

    /// What sets a query apart from those of other scopes and pages.
    private func form(_ isContinued: Bool) -> String {
        "in_\(ScopeCondition.kind(of: scope))\(isContinued ? "_continued" : "")"
    }

    /// A worker's cameras with their health, as a select.
    private func cameras(of worker: String) -> String {
        """
        select
          camera.camera_id, camera.name, desired_state, epoch, last_heartbeat, last_heard_at, clock_offset_ms, fps,
          camera_status(camera.status, lapses, silent_since) as status, \(CameraStanding.isStale) as stale
        from \(CameraStanding.cameras) as camera
        left join read.health_summary as health using (camera_id)
        where \((["camera.worker_id = \(worker)", "not camera.removed"] + conditions).joined(separator: " and "))
        """
    }

    /// How a worker fares, from the rows of `cameras`: idle where nothing is to run, stale where something is and no
    /// heartbeat for any of it came for as long as one vouches. Its clock is that of its heartbeat that came last.
    private static let totals = """
        case
          when count(*) filter (where desired_state = 'running') = 0 then 'idle'
          when count(*) filter (where desired_state = 'running' and not stale) = 0 then 'stale'
          else 'online'
        end as state,
        count(*) as assigned,
        count(*) filter (where desired_state = 'running') as running,
        count(*) filter (where stale) as stale,
        rfc3339(max(last_heartbeat) filter (where desired_state = 'running')) as last_heartbeat,
        (array_agg(clock_offset_ms order by last_heard_at desc nulls last))[1] as clock_offset_ms
        """

    /// What is shown of the totals.
    private static let shown = """
        state, assigned, running, stale, last_heartbeat, clock_offset_ms, \(ClockOffset.warnings) as warnings
        """

    /// Every worker's name. Where the scope leaves all, each is found by an index with the one before, so that it takes
    /// as long as there are workers, however many cameras they have.
    private var names: String {
        guard conditions.isEmpty else {
            return """
                select distinct worker_id as id from read.camera_state as camera
                where \((["worker_id is not null", "not removed"] + conditions).joined(separator: " and "))
                """
        }
        let next = { (bound: String) in
            """
            (select worker_id from read.camera_state where not removed and \(bound) order by worker_id limit 1)
            """
        }
        return """
            with recursive found as (
              select \(next("worker_id is not null")) as id
              union all
              select \(next("worker_id > found.id")) from found where found.id is not null
            )
            select id from found where id is not null
            """
    }

    func list(_ page: ListPage) throws -> Statement {
        let after = try page.cursor { (try? WorkerID($0)) != nil }  // the fault says enough
        return statement(of: list(isContinued: after != nil), page, [("after_worker", .text(after?.id))])
    }

    /// How many workers there are, the page as one JSON array and, where more follow, its last id.
    func list(isContinued: Bool) -> SQLQuery {
        let sql = """
            with workers as (\(names)),
            page as (
              select chosen.id, totals.*
              from (
                select id from workers \(isContinued ? "where id > :after_worker" : "")
                order by id offset :skip limit :limit
              ) as chosen
              cross join lateral (select \(Self.totals) from (\(cameras(of: "chosen.id"))) as cameras) as totals
            )
            select
              \(ReadModels.position(of: .cameraState, .healthSummary)) as position,
              (select count(*) from workers) as total,
              \(ReadModels.array("select id, \(Self.shown)", from: "page", orderedBy: "id")) as items,
              (
                select max(id) from page having exists (select from workers where id > (select max(id) from page))
              ) as last
            """
        return SQLQuery(
            "workers_\(form(isContinued))", parts: sql, among: Self.parameters,
            columns: ["position": .integer, "total": .integer, "items": .bytes, "last": .text])
    }

    func show(_ worker: WorkerID, _ page: ListPage) throws -> Statement {
        let after = try page.cursor { Int64($0).map { $0 > 0 } == true }
        return statement(
            of: show(isContinued: after != nil), page,
            [("worker", .text(worker.text)), ("after_camera", .integer(after.flatMap { Int64($0.id) }))])
    }

    /// How many cameras the worker has (null for none), the worker's document and, where more cameras follow those of the
    /// page, the last id in it.
    func show(isContinued: Bool) -> SQLQuery {
        let sql = """
            with cameras as (\(cameras(of: ":worker"))),
            page as (
              select * from cameras \(isContinued ? "where camera_id > :after_camera" : "")
              order by camera_id offset :skip limit :limit
            )
            select
              \(ReadModels.position(of: .cameraState, .healthSummary)) as position,
              (select nullif(count(*), 0) from cameras) as total,
              (
                select row_to_json(shown)
                from (
                  select
                    :worker::text as id, \(Self.shown),
                    (
                      select coalesce(json_agg(item), '[]')
                      from (
                        select
                          camera_id, name, status, desired_state, epoch, stale,
                          rfc3339(last_heartbeat) as last_heartbeat, fps
                        from page
                        order by camera_id
                      ) as item
                    ) as cameras
                  from (select \(Self.totals) from cameras) as totals
                ) as shown
              ) as worker,
              (
                select max(camera_id) from page
                having exists (select from cameras where camera_id > (select max(camera_id) from page))
              ) as last
            """
        return SQLQuery(
            "worker_\(form(isContinued))", parts: sql, among: Self.parameters,
            columns: ["position": .integer, "total": .integer, "worker": .bytes, "last": .integer])
    }
}
