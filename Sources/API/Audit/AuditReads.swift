import Counting
import EventLog
import EventSourcing
import Hummingbird

/// The trail of everything that happened, as the log has it.
struct AuditReads: Sendable {
    let trail: AuditTrail

    @Sendable func show(_ request: Request, _ context: APIContext) async throws -> Response {
        let (filter, after, limit) = try Query.read(request) { query in
            let camera = query.optional("camera_id") { (text: String) throws(InvalidValue) in
                try CameraID(QueryRule.integer(in: 1...Int64.max)(text))
            }
            let type = query.optional("type", QueryRule.text)
            let actor = query.optional("actor", QueryRule.text)
            let from = query.optional("from", QueryRule.instant)
            let to = query.optional("to", QueryRule.instant)
            let correlation = query.optional("correlation_id", QueryRule.text)
            let causation = query.optional("causation_id", QueryRule.text)
            let text = query.optional("text", Self.searched)
            let after = query.value("after_position", default: 0, QueryRule.integer(in: 0...Int64.max))
            let limit = query.value("limit", default: 100, QueryRule.integer(in: 1...1000))
            return query.make(at: "limit") { () throws -> (AuditTrail.Filter, Int64, Int64) in
                let filter = AuditTrail.Filter(
                    streams: try camera.get()?.streams, type: try type.get(), actor: try actor.get(),
                    from: try from.get(),
                    to: try to.get(), correlationID: try correlation.get(), causationID: try causation.get(),
                    text: try text.get())
                return (filter, try after.get(), try limit.get())
            }
        }
        let page = try await trail.page(filter, after: after, limit: Int(limit))
        var body = Array(#"{"items":["#.utf8)
        for (index, entry) in page.entries.enumerated() {
            if index > 0 { body.append(UInt8(ascii: ",")) }
            body += entry.json
        }
        body += #"],"next_after_position":\#(page.position),"complete":\#(page.isComplete)}"#.utf8
        return .json(body, position: page.position)
    }

    private static func searched(_ text: String) throws(InvalidValue) -> String {
        guard (2...200).contains(text.count) else {
            throw InvalidValue(.outOfRange, "A text to search for has 2 to 200 characters; this has \(text.count).")
        }
        return text
    }

    /// What an event follows from, what was done along with it, and what followed from it.
    @Sendable func chain(_ request: Request, _ context: APIContext) async throws -> Response {
        try Query.none(request)
        guard let position = context.pathPosition, let chain = try await trail.chain(around: position)
        else { throw Problem(.eventNotFound, "The log holds no event at this position.") }
        var body = Array(#"{"position":\#(position),"items":["#.utf8)
        for (index, link) in chain.links.enumerated() {
            body += "\(index == 0 ? "" : ","){\"relation\":\"\(link.relation.rawValue)\",\"event\":".utf8
            body += link.entry.json
            body.append(UInt8(ascii: "}"))
        }
        body += #"],"complete":\#(chain.isComplete)}"#.utf8
        return .json(body, position: nil)
    }
}

extension APIContext {
    /// The position of an event in the request's path; nil where it is not a whole number written as usual.
    var pathPosition: Int64? {
        parameters.get("position").flatMap { text in Int64(text).flatMap { String($0) == text ? $0 : nil } }
    }
}
