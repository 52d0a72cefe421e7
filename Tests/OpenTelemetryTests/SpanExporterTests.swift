import EventSourcing
import Logging
import Metrics
import MetricsTestKit
import ServiceLifecycleTestKit
import Synchronization
import TestSupport
import Testing
import Tracing

@testable import OpenTelemetry

@Suite(.timeLimit(.minutes(5))) struct SpanExporterTests {
    private static let taken = Collector.answer("200 OK", "{}")

    /// An exporter to a collector. Nothing is sent but whole batches and what is left at shutdown; pauses take no time.
    private struct Bench: Sendable {
        final class Pauses: Sendable {
            let all = Mutex<[Duration]>([])
        }

        let queue: SpanQueue
        let metrics = TestMetrics()
        let pauses = Pauses()
        let exporter: SpanExporter

        init(_ endpoint: String, batch: Int = 1, pause: (@Sendable (Duration) async throws -> Void)? = nil) {
            queue = SpanQueue(batch: batch, metrics: metrics)
            exporter = SpanExporter(
                queue, to: endpoint, resource: [("service.name", "footfall")], metrics: metrics,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, beat: untilCancelled,
                pause: { [pauses] duration in
                    pauses.all.withLock { $0.append(duration) }
                    try await pause?(duration)
                })
        }

        func add(_ count: Int = 1) { for number in 1...count { queue.add(SpanExporterTests.span(UInt64(number))) } }

        func count(_ name: String) throws -> Int64 { try metrics.expectCounter(name).totalValue }
        var sent: Int64 { get throws { try count("footfall_spans_exported_total") } }
        var dropped: Int64 { get throws { try count("footfall_spans_dropped_total") } }

        /// Runs the exporter until the body has ended and all is sent or given up.
        func run(_ body: @Sendable (Bench) async throws -> Void) async throws {
            try await testGracefulShutdown { shutdown in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { await exporter.run() }
                    try await body(self)
                    shutdown.triggerGracefulShutdown()
                    try await group.waitForAll()
                }
            }
        }
    }

    private static func span(_ number: UInt64) -> RecordedSpan {
        var span = RecordedSpan(
            context: TraceContext(trace: 0xA, span: number, isSampled: true), parent: 0xB, name: "GET", kind: .server,
            start: 1_700_000_000_000_000_000)
        span.end = 1_700_000_000_500_000_000
        return span
    }

    @Test func aBatchIsARequestOfTheProtocolInJSON() async throws {
        try await Collector.run(Self.taken) { collector in
            let bench = Bench(collector.endpoint)
            var span = Self.span(1)
            span.attributes = [
                "count": 3, "ratio": 0.5, "isLive": true, "names": .stringArray(["a", "b"]), "url.query": "name=Ana",
            ]
            span.status = SpanStatus(code: .error, message: "broken")
            span.add(SpanEvent(name: "exception", attributes: ["exception.type": "E"]))
            let event = try #require(span.events.first)
            bench.queue.add(span)
            try await bench.run { _ in }
            let request = try #require(collector.requests.first)
            #expect(collector.requests.count == 1)
            #expect(request.head.hasPrefix("POST /v1/traces HTTP/1.1"))
            #expect(request.head.lowercased().contains("content-type: application/json"))
            #expect(!request.head.lowercased().contains("traceparent"))
            let expected: JSON = [
                "resourceSpans": [
                    [
                        "resource": [
                            "attributes": [["key": "service.name", "value": ["stringValue": "footfall"]]]
                        ],
                        "scopeSpans": [
                            [
                                "scope": ["name": "footfall"],
                                "spans": [
                                    [
                                        "traceId": "0000000000000000000000000000000a", "spanId": "0000000000000001",
                                        "parentSpanId": "000000000000000b", "flags": 1, "name": "GET", "kind": 2,
                                        "startTimeUnixNano": "1700000000000000000",
                                        "endTimeUnixNano": "1700000000500000000",
                                        "attributes": [
                                            ["key": "count", "value": ["intValue": "3"]],
                                            ["key": "isLive", "value": ["boolValue": true]],
                                            [
                                                "key": "names",
                                                "value": [
                                                    "arrayValue": [
                                                        "values": [["stringValue": "a"], ["stringValue": "b"]]
                                                    ]
                                                ],
                                            ],
                                            ["key": "ratio", "value": ["doubleValue": 0.5]],
                                        ],
                                        "events": [
                                            [
                                                "timeUnixNano": .string(String(event.nanosecondsSinceEpoch)),
                                                "name": "exception",
                                                "attributes": [
                                                    ["key": "exception.type", "value": ["stringValue": "E"]]
                                                ],
                                            ]
                                        ],
                                        "status": ["message": "broken", "code": 2],
                                    ]
                                ],
                            ]
                        ],
                    ]
                ]
            ]
            #expect(request.body == expected)
        }
    }

    @Test func whatIsLeftIsSentAtShutdown() async throws {
        try await Collector.run(Self.taken) { collector in
            let bench = Bench(collector.endpoint, batch: 2)
            bench.add(5)
            try await bench.run { _ in }
            #expect(collector.requests.count == 3)
            #expect(try bench.sent == 5 && bench.dropped == 0)
        }
    }

    @Test(arguments: ["429 Too Many Requests", "502 Bad Gateway", "503 Service Unavailable", "504 Gateway Timeout"])
    func aBusyCollectorIsSentTheSameAfterThePauseThatItAsksFor(status: String) async throws {
        let busy = Collector.answer(status, headers: "Retry-After: 7\r\n")
        try await Collector.run(busy, Self.taken) { collector in
            let bench = Bench(collector.endpoint)
            bench.add()
            try await bench.run { bench in while try bench.sent == 0 { await Task.yield() } }
            #expect(bench.pauses.all.withLock(\.self) == [.seconds(7)])
            #expect(collector.requests.count == 2 && collector.requests[0].body == collector.requests[1].body)
            #expect(try bench.dropped == 0)
        }
    }

    @Test(arguments: ["400 Bad Request", "404 Not Found", "500 Internal Server Error", "302 Found"])
    func whatTheCollectorRefusesIsDroppedAtOnce(status: String) async throws {
        try await Collector.run(Collector.answer(status)) { collector in
            let bench = Bench(collector.endpoint)
            bench.add()
            try await bench.run { bench in while try bench.dropped == 0 { await Task.yield() } }
            #expect(collector.requests.count == 1 && bench.pauses.all.withLock(\.isEmpty))
            #expect(try bench.sent == 0 && bench.dropped == 1)
        }
    }

    @Test func whatTheCollectorRejectsOfABatchIsDropped() async throws {
        let partial = Collector.answer(
            "200 OK", #"{"partialSuccess":{"rejectedSpans":"2","errorMessage":"too old"}}"#)
        try await Collector.run(partial) { collector in
            let bench = Bench(collector.endpoint, batch: 3)
            bench.add(3)
            try await bench.run { _ in }
            #expect(collector.requests.count == 1)
            #expect(try bench.sent == 1 && bench.dropped == 2)
        }
    }

    @Test func aBatchIsGivenUpAfterAMinuteOfPauses() async throws {
        let busy = Collector.answer("503 Service Unavailable", headers: "Retry-After: 25\r\n")
        try await Collector.run(busy, busy, busy, Self.taken) { collector in
            let bench = Bench(collector.endpoint)
            bench.add(2)
            try await bench.run { bench in while try bench.sent == 0 { await Task.yield() } }
            #expect(bench.pauses.all.withLock(\.self) == [.seconds(25), .seconds(25)])
            #expect(collector.requests.count == 4)
            #expect(try bench.sent == 1 && bench.dropped == 1)
        }
    }

    @Test func aCollectorThatHangsUpIsTriedAgain() async throws {
        try await Collector.run("", "", Self.taken) { collector in
            let bench = Bench(collector.endpoint)
            bench.add()
            try await bench.run { bench in while try bench.sent == 0 { await Task.yield() } }
            let pauses = bench.pauses.all.withLock(\.self)
            #expect(pauses.count == 2 && pauses.allSatisfy { $0 > .zero && $0 <= .seconds(2) })
        }
    }

    @Test func shutdownWaitsForNoPauseAndTriesOnceMore() async throws {
        let busy = Collector.answer("503 Service Unavailable", headers: "Retry-After: 30\r\n")
        try await Collector.run(busy) { collector in
            let bench = Bench(collector.endpoint, pause: { _ in await untilCancelled() })
            bench.add(2)
            try await bench.run { bench in while bench.pauses.all.withLock(\.isEmpty) { await Task.yield() } }
            // The first batch was sent again at shutdown, the second one once.
            #expect(collector.requests.count == 3)
            #expect(try bench.dropped == 2)
        }
    }
}

/// Returns when the task is cancelled.
@Sendable private func untilCancelled() async {
    for await _ in AsyncStream<Never>.makeStream().stream {}
}
