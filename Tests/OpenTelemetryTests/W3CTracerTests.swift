import OpenTelemetry
import Testing
import Tracing

@Suite struct W3CTracerTests {
    private static let incoming = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7"

    private func context(_ headers: [String: String], of tracer: W3CTracer) -> ServiceContext {
        var context = ServiceContext.topLevel
        tracer.extract(headers, into: &context, using: Headers())
        return context
    }

    private func headers(_ context: ServiceContext, of tracer: W3CTracer) -> [String: String] {
        var headers: [String: String] = [:]
        tracer.inject(context, into: &headers, using: Headers())
        return headers
    }

    @Test func withoutAQueueNoTraceBeginsHere() {
        let tracer = W3CTracer()
        let span = tracer.startSpan("a")
        #expect(span.context.trace == nil && !span.isRecording)
        #expect(headers(span.context, of: tracer).isEmpty)
    }

    @Test func aTraceIsPassedOnUnderASpanOfItsOwn() throws {
        let tracer = W3CTracer(random: { 0xAB })
        let context = context(["traceparent": "\(Self.incoming)-01", "tracestate": "vendor=1"], of: tracer)
        let span = tracer.startSpan("a", context: context)
        #expect(!span.isRecording)
        let passedOn = [
            "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00000000000000ab-01", "tracestate": "vendor=1",
        ]
        #expect(headers(span.context, of: tracer) == passedOn)
    }

    @Test func spansOfSampledTracesAreRecordedBelowTheirParents() async throws {
        let queue = SpanQueue(batch: 2)
        let tracer = W3CTracer(queue: queue)
        let parent = tracer.startSpan("parent", context: context(["traceparent": "\(Self.incoming)-01"], of: tracer))
        let child = tracer.startSpan("child", context: parent.context)
        child.end()
        parent.end()
        let spans = await queue.next()
        #expect(spans.map(\.name) == ["child", "parent"])
        #expect(Set(spans.map(\.context.traceID)) == ["4bf92f3577b34da6a3ce929d0e0e4736"])
        #expect(spans.map(\.parent) == [parent.context.trace?.span, 0x00F0_67AA_0BA9_02B7])
    }

    @Test func whatTheCallerDoesNotRecordIsNotRecordedHere() throws {
        let tracer = W3CTracer(queue: SpanQueue())
        let span = tracer.startSpan("a", context: context(["traceparent": "\(Self.incoming)-00"], of: tracer))
        #expect(!span.isRecording && !tracer.startSpan("b", context: span.context).isRecording)
        #expect(try #require(headers(span.context, of: tracer)["traceparent"]).hasSuffix("-00"))
    }

    @Test(arguments: [
        (0, 1, false), (0.5, 0x7FFF_FFFF_FFFF_FFFF, true), (0.5, 0x8000_0000_0000_0000, false), (1, .max, true),
    ])
    func tracesThatBeginHereAreRecordedByTheirID(ratio: Double, random: UInt64, isRecorded: Bool) {
        let tracer = W3CTracer(queue: SpanQueue(), ratio: ratio, random: { random })
        let span = tracer.startSpan("a")
        #expect(span.isRecording == isRecorded)
        #expect(span.context.trace?.isSampled == isRecorded)
        #expect(tracer.startSpan("b", context: span.context).isRecording == isRecorded)
    }
}

struct Headers: Extractor, Injector {
    func extract(key: String, from headers: [String: String]) -> String? { headers[key] }
    func inject(_ value: String, forKey key: String, into headers: inout [String: String]) { headers[key] = value }
}
