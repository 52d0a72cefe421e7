import EventLog
import EventSourcing
import Hummingbird

/// The trail of everything that happened, as the log has it.
struct AuditReads: Sendable {
    let trail: AuditTrail

    @Sendable func show(_ request: Request, _ context: APIContext) async throws -> Response {
        let (filter, after, limit) = try Query.read(request) { query in
            let camera = query.optional("camera_id", QueryRule.integer(in: 1...Int64.max))
            let type = query.optional("type", QueryRule.text)
            let actor = query.optional("actor", QueryRule.text)
            let from = query.optional("from", QueryRule.instant)
            let to = query.optional("to", QueryRule.instant)
            let after = query.value("after_position", default: 0, QueryRule.integer(in: 0...Int64.max))
            let limit = query.value("limit", default: 100, QueryRule.integer(in: 1...1000))
            return query.make(at: "limit") { () throws -> (AuditTrail.Filter, Int64, Int64) in
                let filter = AuditTrail.Filter(
                    cameraID: try camera.get(), type: try type.get(), actor: try actor.get(), from: try from.get(),
                    to: try to.get())
                return (filter, try after.get(), try limit.get())
            }
        }
        let page = try await trail.page(filter, after: after, limit: Int(limit))
        var body = Array(#"{"items":["#.utf8)
        for (index, entry) in page.entries.enumerated() {
            if index > 0 { body.append(UInt8(ascii: ",")) }
            body += entry.json
        }
        body += #"],"next_after_position":\#(page.position)}"#.utf8
        return .json(body, position: page.position)
    }
}
