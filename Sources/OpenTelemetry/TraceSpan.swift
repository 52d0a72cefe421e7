import Synchronization
import Tracing

/// A span that is under way. Where it is not recorded, it only says where in the trace it is.
package final class TraceSpan: Span {
    package let context: ServiceContext
    private let queue: SpanQueue?
    /// Nil once the span has ended.
    private let record: Mutex<RecordedSpan?>
    private let name: Mutex<String>

    /// One that is not recorded.
    init(_ context: ServiceContext, _ name: String) {
        self.context = context
        queue = nil
        record = Mutex(nil)
        self.name = Mutex(name)
    }

    init(_ context: ServiceContext, _ record: RecordedSpan, for queue: SpanQueue) {
        self.context = context
        self.queue = queue
        name = Mutex(record.name)
        self.record = Mutex(record)
    }

    package var isRecording: Bool { record.withLock { $0 != nil } }

    package var operationName: String {
        get { name.withLock(\.self) }
        set {
            name.withLock { $0 = newValue }
            record.withLock { $0?.name = newValue }
        }
    }

    package var attributes: SpanAttributes {
        get { record.withLock { $0?.attributes ?? [:] } }
        set { record.withLock { $0?.attributes = newValue } }
    }

    package func setStatus(_ status: SpanStatus) { record.withLock { $0?.status = status } }

    package func addEvent(_ event: SpanEvent) { record.withLock { $0?.add(event) } }

    package func addLink(_ link: SpanLink) { record.withLock { $0?.add(link) } }

    /// As OpenTelemetry's conventions for exceptions have it.
    package func recordError<Instant: TracerInstant>(
        _ error: any Error, attributes: SpanAttributes, at instant: @autoclosure () -> Instant
    ) {
        guard isRecording else { return }
        var attributes = attributes
        attributes["exception.type"] = String(reflecting: type(of: error))
        attributes["exception.message"] = "\(error)"
        addEvent(SpanEvent(name: "exception", at: instant(), attributes: attributes))
    }

    /// Ends it once; what is done to it later has no effect.
    package func end<Instant: TracerInstant>(at instant: @autoclosure () -> Instant) {
        guard
            var ended = record.withLock({ record in
                defer { record = nil }
                return record
            })
        else { return }
        ended.end = max(ended.start, instant().nanosecondsSinceEpoch)
        ended.completeStatus()
        queue?.add(ended)
    }
}
