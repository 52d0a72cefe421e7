import AsyncHTTPClient
import EventSourcing
import Logging
import Metrics
import NIOCore
import Resilience
import ServiceLifecycle
import Tracing

/// Sends spans to a collector by OTLP/HTTP: a batch as soon as there is one, and every few seconds what there is. At
/// shutdown it sends what is left.
///
/// What the collector cannot take at the moment is sent again after a pause, and given up after a minute of pauses; what it
/// refuses is dropped at once. Meanwhile the queue fills, and drops what it has no room for.
package struct SpanExporter: Service {
    /// Of the batch processor's specification.
    package static let interval = Duration.seconds(5)
    /// How long an answer may take, from connecting to its last byte.
    private static let timeout = Duration.seconds(10)
    /// How long pauses are all together before a batch is given up.
    private static let longestPause = Duration.seconds(60)
    private static let maximumAnswerBytes = 1 << 16

    private enum Outcome {
        /// But for those that were rejected.
        case taken(rejected: Int, reason: String)
        /// - Parameter after: how long the collector asks to wait; nil where it does not say.
        case retry(after: Duration?, reason: String)
        case refused(reason: String)
    }

    private struct TimedOut: Error, CustomStringConvertible {
        let description = "no whole answer came in \(SpanExporter.timeout)"
    }

    /// Never shut down: it lives as long as the process. Its requests are no part of a trace.
    private static let client: HTTPClient = {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        configuration.decompression = .disabled
        configuration.tracing.tracer = nil
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }()

    private let queue: SpanQueue
    private let address: String
    private let resource: [(String, SpanAttribute)]
    private let exported: Counter
    private let logger: Logger
    private let beat: @Sendable () async throws -> Void
    private let pause: @Sendable (Duration) async throws -> Void

    /// - Parameters:
    ///   - endpoint: the collector's base URL, as `http://127.0.0.1:4318`: spans are sent to `/v1/traces` below it.
    ///   - resource: what is said of the program that the spans are of.
    ///   - beat: returns when it is time to send what there is; cancelled at shutdown, and so is `pause`.
    ///   - pause: waits before a batch is sent again.
    package init(
        _ queue: SpanQueue, to endpoint: String, resource: [(String, SpanAttribute)],
        metrics: any MetricsFactory = MetricsSystem.factory, logger: Logger,
        beat: @escaping @Sendable () async throws -> Void = { try await Task.sleep(for: interval) },
        pause: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) {
        self.queue = queue
        address = (endpoint.hasSuffix("/") ? String(endpoint.dropLast()) : endpoint) + "/v1/traces"
        self.resource = resource
        exported = Counter(label: "footfall_spans_exported_total", factory: metrics)
        self.logger = logger
        self.beat = beat
        self.pause = pause
    }

    /// Ends after a graceful shutdown, when all is sent or was tried once, or when it is cancelled.
    package func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                await cancelWhenGracefulShutdown {
                    while !Task.isCancelled {
                        do { try await beat() } catch { break }
                        queue.release()
                    }
                }
                queue.close()
            }
            while true {
                let spans = await queue.next()
                if spans.isEmpty { break }
                await deliver(spans)
            }
            group.cancelAll()
        }
    }

    private func deliver(_ spans: [RecordedSpan]) async {
        let body = OTLPRequest(resource: resource, spans: spans).json.bytes
        var backoff = Backoff(longest: .seconds(30))
        var paused = Duration.zero
        while true {
            switch await send(body) {
            case .taken(let rejected, let reason):
                exported.increment(by: max(0, spans.count - rejected))
                if rejected > 0 { drop(rejected, reason) }
                return
            case .refused(let reason): return drop(spans.count, reason)
            case .retry(let after, let reason):
                let length = after ?? backoff.next()
                paused += length
                guard paused <= Self.longestPause, !Task.isCancelled, !Task.isShuttingDownGracefully else {
                    return drop(spans.count, reason)
                }
                await cancelWhenGracefulShutdown { try? await pause(length) }  // then it is tried once more
            }
        }
    }

    private func drop(_ count: Int, _ reason: String) {
        queue.drop(count)
        guard FailureNotices.shared.isDue("spans \(reason)") else { return }
        logger.warning("spans were dropped", metadata: ["count": "\(count)", "reason": "\(reason)"])
    }

    private func send(_ body: [UInt8]) async -> Outcome {
        var request = HTTPClientRequest(url: address)
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/json")
        request.body = .bytes(ByteBuffer(bytes: body))
        do { return Self.outcome(try await answer(to: request)) } catch {
            return .retry(after: nil, reason: "\(error)")
        }
    }

    private func answer(to request: HTTPClientRequest) async throws -> (HTTPClientResponse, JSON?) {
        try await withThrowingTaskGroup(of: (HTTPClientResponse, JSON?)?.self) { group in
            group.addTask {
                // The client's own deadline ends with the answer's head.
                let response = try await Self.client.execute(request, deadline: .distantFuture)
                let body = try await response.body.collect(upTo: Self.maximumAnswerBytes)
                // A body that cannot be read says nothing of rejected spans.
                return (response, try? JSON.parse(Array(body.readableBytesView)))
            }
            group.addTask {
                try await Task.sleep(for: Self.timeout)
                return nil
            }
            defer { group.cancelAll() }
            guard let answer = try await group.next() ?? nil else { throw TimedOut() }
            return answer
        }
    }

    private static func outcome(_ answer: (HTTPClientResponse, JSON?)) -> Outcome {
        let (response, json) = answer
        switch response.status.code {
        case 200..<300:
            let partial = json?["partialSuccess"]
            let rejected = partial?["rejectedSpans"].flatMap { $0.integer ?? $0.string.flatMap { Int64($0) } } ?? 0
            return .taken(
                rejected: Int(clamping: rejected), reason: "rejected: \(partial?["errorMessage"]?.string ?? "")")
        case 429, 502, 503, 504:
            let seconds = response.headers.first(name: "Retry-After").flatMap { Int64($0) }
            return .retry(after: seconds.map { .seconds(max(0, $0)) }, reason: "status \(response.status.code)")
        default: return .refused(reason: "status \(response.status.code)")
        }
    }
}
