import Access
import Counting
import EventSourcing
import Hummingbird
import Postgres

/// Who watches: the workers that cameras were given to, and how they fare by what comes from them.
///
/// A worker is known by its cameras: there is one as soon as a camera was given to it. A principal sees of it the
/// cameras of its scope, and no worker that has none of them.
struct WorkerPool: Sendable {
    let readModels: ReadModels

    @Sendable func list(_ request: Request, _ context: APIContext) async throws -> Response {
        let page = try ListPage.read(request)
        var statement = WorkerStatement(scope: context.principal.scope)
        let row = try await readModels.read(
            [.cameraState, .healthSummary], atLeast: page.minimumPosition, try statement.list(page))
        let total = try row.integer(1)
        var body = Array(#"{"items":"#.utf8)
        body += try row.bytes(2)
        let next = page.next(after: try row.optionalText(3))
        body += #","total":\#(total),"skip":\#(page.skip),"limit":\#(page.limit)\#(page.member(next: next))}"#.utf8
        var response = Response.json(body, position: try row.position)
        response.headers[.link] = page.links("/workers", total: total, next: next)
        return response
    }

    @Sendable func show(_ request: Request, _ context: APIContext) async throws -> Response {
        let worker = try context.workerID
        let page = try ListPage.read(request, limit: ListPage.maximumLimit)
        var statement = WorkerStatement(scope: context.principal.scope)
        let shown = try statement.show(worker, page)
        let read = { try await readModels.read([.cameraState, .healthSummary], atLeast: page.minimumPosition, shown) }
        var row = try await read()
        if row.isNull(1) {
            // Its first camera may have been given to it just now.
            try await readModels.reach(try await readModels.head())
            row = try await read()
        }
        if row.isNull(1) { throw Problem(.workerNotFound, "No camera that you may see was given to this worker.") }
        let next = page.next(after: try row.optionalInteger(3).map(String.init))
        var body = try row.bytes(2)
        if page.start != nil {
            body.removeLast()
            body += "\(page.member(next: next))}".utf8
        }
        var response = Response.json(body, position: try row.position)
        response.headers[.link] = page.links("/workers/\(worker)", total: try row.integer(1), next: next)
        return response
    }
}

/// The statements about workers, with what is bound to them.
private struct WorkerStatement {
    private var parameters: [Parameter]
    private let conditions: [String]

    init(scope: Scope) {
        var parameters: [Parameter] = []
        conditions = ScopeCondition.conditions(scope) { parameter in
            parameters.append(parameter)
            return "$\(parameters.count)"
        }
        self.parameters = parameters
    }

    private mutating func bind(_ parameter: Parameter) -> String {
        parameters.append(parameter)
        return "$\(parameters.count)"
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

    /// Selects position, how many workers there are, the page as one JSON array and, where more follow, its last id.
    mutating func list(_ page: ListPage) throws -> Statement {
        let after = try page.cursor { (try? WorkerID($0)) != nil }  // the fault says enough
        let rest = after.map { "where id > \(bind(.text($0.id)))" } ?? ""
        let (skip, limit) = (bind(.integer(page.skip)), bind(.integer(page.limit)))
        let sql = """
            with workers as (\(names)),
            page as (
              select chosen.id, totals.*
              from (select id from workers \(rest) order by id offset \(skip) limit \(limit)) as chosen
              cross join lateral (select \(Self.totals) from (\(cameras(of: "chosen.id"))) as cameras) as totals
            )
            select
              \(ReadModels.position(of: .cameraState, .healthSummary)),
              (select count(*) from workers),
              \(ReadModels.array("select id, \(Self.shown)", from: "page", orderedBy: "id")),
              (select max(id) from page having exists (select from workers where id > (select max(id) from page)))
            """
        return Statement(sql, parameters, prepared: conditions.isEmpty && page.start == nil)
    }

    /// Selects position, how many cameras the worker has (null for none), the worker's document and, where more cameras
    /// follow those of the page, the last id in it.
    mutating func show(_ worker: WorkerID, _ page: ListPage) throws -> Statement {
        let after = try page.cursor { Int64($0).map { $0 > 0 } == true }
        let rest = after.map { "where camera_id > \(bind(.integer(Int64($0.id) ?? 0)))" } ?? ""
        let (id, skip, limit) = (bind(.text(worker.text)), bind(.integer(page.skip)), bind(.integer(page.limit)))
        let sql = """
            with cameras as (\(cameras(of: id))),
            page as (select * from cameras \(rest) order by camera_id offset \(skip) limit \(limit))
            select
              \(ReadModels.position(of: .cameraState, .healthSummary)),
              (select nullif(count(*), 0) from cameras),
              (
                select row_to_json(shown)
                from (
                  select
                    \(id)::text as id, \(Self.shown),
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
              ),
              (
                select max(camera_id) from page
                having exists (select from cameras where camera_id > (select max(camera_id) from page))
              )
            """
        return Statement(sql, parameters, prepared: conditions.isEmpty && page.start == nil)
    }
}
