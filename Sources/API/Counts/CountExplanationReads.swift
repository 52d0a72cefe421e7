import Counting
import EventSourcing
import Hummingbird
import UseCases

/// The events behind a camera's counts.
struct CountExplanationReads: Sendable {
    let readModels: ReadModels
    let now: @Sendable () -> Timestamp

    @Sendable func explain(_ request: Request, _ context: APIContext) async throws -> Response {
        let (question, minimum) = try question(request, about: try context.cameraID)
        // When the camera was registered and whether it is there comes from its own read model.
        if let minimum { try await readModels.reach(minimum, by: [.cameraState, .hourlyCounts]) }
        let answer = try await CountExplanation(pool: readModels.pool).answer(question)
        // Another build may have become active meanwhile.
        if let minimum, let position = answer.position, position < minimum {
            throw try await readModels.behind(position, minimum)
        }
        guard let isRemoved = answer.isRemoved else { throw Problem(Camera.Rejection.unknown) }
        if isRemoved { throw Problem(Camera.Rejection.removed) }
        guard let position = answer.position else { throw ReadModels.notReady }
        var response = Response.json(answer.json, position: position)
        if let next = answer.next {
            response.headers[.link] = PageLink.next(
                "/cameras/\(question.cameraID)/counts/explain",
                [
                    ("from", question.from.rfc3339), ("to", question.to.rfc3339), ("line", question.line),
                    ("class", question.objectClass), ("after_position", "\(next)"), ("limit", "\(question.limit)"),
                ])
        }
        return response
    }

    private func question(
        _ request: Request, about id: CameraID
    ) throws(Problem) -> (CountExplanation.Question, minimum: Int64?) {
        try Query.read(request) { query in
            let range = query.timeRange(now: now())
            let line = query.optional("line", QueryRule.text)
            let objectClass = query.optional("class", QueryRule.text)
            let after = query.value("after_position", default: 0, QueryRule.integer(in: 0...Int64.max))
            let limit = query.value("limit", default: 100, QueryRule.integer(in: 1...1000))
            let minimum = query.minimumPosition()
            return query.make(at: "from") { () throws -> (CountExplanation.Question, minimum: Int64?) in
                let question = CountExplanation.Question(
                    cameraID: id, from: try range.get().from, to: try range.get().to, line: try line.get(),
                    objectClass: try objectClass.get(), after: try after.get(), limit: try limit.get())
                return (question, try minimum.get())
            }
        }
    }
}
