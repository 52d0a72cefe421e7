import Tracing

extension Build {
    /// Makes a span of a step that applied something, or could not.
    ///
    /// There is a step after each notice of events and some at the head of the log: one that applies nothing is no span.
    func traced(_ apply: () async throws -> Step) async throws -> Step {
        let began = DefaultTracerClock.now
        do {
            let step = try await apply()
            if step.to > step.from {
                record(since: began) { span in
                    span.updateAttributes { attributes in
                        attributes["footfall.from_position"] = step.from + 1
                        attributes["footfall.to_position"] = step.to
                    }
                }
            }
            return step
        } catch {
            record(since: began) { span in
                span.recordError(error)
                span.setStatus(SpanStatus(code: .error))
            }
            throw error
        }
    }

    private func record(since began: DefaultTracerClock.Timestamp, _ complete: (any Span) -> Void) {
        let span = startSpan("apply \(projection)", at: began)
        span.updateAttributes { attributes in
            attributes["footfall.projection"] = projection
            attributes["footfall.build"] = id
        }
        complete(span)
        span.end()
    }
}
