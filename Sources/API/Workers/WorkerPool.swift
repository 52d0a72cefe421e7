import Access
import Counting
import EventSourcing
import Hummingbird
import Postgres

/// The workers that cameras were given to, with their health as their reports show it.
///
/// A worker is known by its cameras: there is one as soon as a camera was given to it. A principal sees of it the
/// cameras of its scope, and no worker that has none of them.
struct WorkerPool: Sendable {
    let readModels: ReadModels

    @Sendable func list(_ request: Request, _ context: APIContext) async throws -> Response {
        let page = try ListPage.read(request)
        let query = WorkerQuery(scope: context.principal.scope)
        let row = try await readModels.read(
            [.cameraState, .healthSummary], atLeast: page.minimumPosition, try query.list(page))
        let total = try row.integer("total")
        var body = Array(#"{"items":"#.utf8)
        body += try row.bytes("items")
        let next = page.next(after: try row.optionalText("last"))
        body += #","total":\#(total),"skip":\#(page.skip),"limit":\#(page.limit)\#(page.member(next: next))}"#.utf8
        var response = Response.json(body, position: try row.position)
        response.headers[.link] = page.links("/workers", total: total, next: next)
        return response
    }

    @Sendable func show(_ request: Request, _ context: APIContext) async throws -> Response {
        let worker = try context.workerID
        let page = try ListPage.read(request, limit: ListPage.maximumLimit)
        let shown = try WorkerQuery(scope: context.principal.scope).show(worker, page)
        let read = { try await readModels.read([.cameraState, .healthSummary], atLeast: page.minimumPosition, shown) }
        var row = try await read()
        if try row.isNull("total") {
            // Its first camera may have been given to it just now.
            try await readModels.reach(try await readModels.head())
            row = try await read()
        }
        if try row.isNull("total") {
            throw Problem(.workerNotFound, "No camera that you may see was given to this worker.")
        }
        let next = page.next(after: try row.optionalInteger("last").map(String.init))
        var body = try row.bytes("worker")
        if page.start != nil {
            body.removeLast()
            body += "\(page.member(next: next))}".utf8
        }
        var response = Response.json(body, position: try row.position)
        response.headers[.link] = page.links("/workers/\(worker)", total: try row.integer("total"), next: next)
        return response
    }
}
