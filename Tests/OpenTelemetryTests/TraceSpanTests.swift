import Testing
import Tracing

@testable import OpenTelemetry

@Suite struct TraceSpanTests {
    /// What is recorded of a span.
    private func recorded(_ kind: SpanKind = .internal, _ body: (TraceSpan) -> Void) async -> RecordedSpan? {
        let queue = SpanQueue(batch: 1)
        let span = W3CTracer(queue: queue).startSpan("begun", ofKind: kind)
        body(span)
        span.end()
        queue.close()
        return await queue.next().first
    }

    @Test func nameAttributesAndTimesAreRecordedOnce() async throws {
        let queue = SpanQueue(batch: 1)
        let span = W3CTracer(queue: queue).startSpan("begun")
        span.operationName = "named"
        span.attributes["camera"] = 7
        span.end()
        span.attributes["camera"] = 8
        span.end()
        let record = try #require(await queue.next().first)
        #expect(record.name == "named" && record.attributes.get("camera") == .int64(7))
        #expect(record.end >= record.start && record.parent == nil)
        queue.close()
        #expect(await queue.next().isEmpty)
    }

    @Test func errorsAreEventsWithTypeAndText() async throws {
        struct Broken: Error, CustomStringConvertible { let description = "it broke" }
        let event = try #require(await recorded { $0.recordError(Broken()) }?.events.first)
        #expect(event.name == "exception")
        #expect(event.attributes.get("exception.message") == .string("it broke"))
        guard case .string(let type)? = event.attributes.get("exception.type") else { throw Broken() }
        #expect(type.hasSuffix("Broken"))
    }

    @Test(arguments: [(500, true), (503, true), (499, false), (200, false)])
    func requestsThatTheServerFailedAtAreErrors(status: Int, isError: Bool) async {
        let record = await recorded(.server) { $0.attributes["http.response.status_code"] = status }
        #expect((record?.status?.code == .error) == isError)
        let client = await recorded(.client) { $0.attributes["http.response.status_code"] = status }
        #expect(client != nil && client?.status == nil)
    }

    @Test func eventsHaveABound() async {
        let record = await recorded { span in for _ in 0..<130 { span.addEvent("tick") } }
        #expect(record?.events.count == 128 && record?.droppedEvents == 2)
    }
}
