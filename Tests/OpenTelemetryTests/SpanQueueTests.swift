import Metrics
import MetricsTestKit
import Testing

@testable import OpenTelemetry

@Suite(.timeLimit(.minutes(5))) struct SpanQueueTests {
    private static func span(_ number: UInt64) -> RecordedSpan {
        RecordedSpan(
            context: TraceContext(trace: 1, span: number, isSampled: true), parent: nil, name: "\(number)",
            kind: .internal, start: 0)
    }

    @Test func spansComeInBatchesAndWhatIsReleasedComesAsItIs() async {
        let queue = SpanQueue(capacity: 8, batch: 2)
        for number in 1...5 { queue.add(Self.span(UInt64(number))) }
        #expect(await queue.next().map(\.name) == ["1", "2"])
        #expect(await queue.next().map(\.name) == ["3", "4"])
        async let rest = queue.next()
        queue.release()
        #expect(await rest.map(\.name) == ["5"])
    }

    @Test func aFullQueueDropsAndCounts() async throws {
        let metrics = TestMetrics()
        let queue = SpanQueue(capacity: 3, batch: 3, metrics: metrics)
        for number in 1...5 { queue.add(Self.span(UInt64(number))) }
        #expect(await queue.next().map(\.name) == ["1", "2", "3"])
        #expect(try metrics.expectCounter("footfall_spans_dropped_total").totalValue == 2)
        queue.add(Self.span(6))
        queue.close()
        queue.add(Self.span(7))
        #expect(await queue.next().map(\.name) == ["6"])
        #expect(await queue.next().isEmpty)
        #expect(try metrics.expectCounter("footfall_spans_dropped_total").totalValue == 3)
    }
}
