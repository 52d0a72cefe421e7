import DequeModule
import Metrics
import Synchronization

/// Spans that have ended and were not sent yet: so many at most, so that a collector that is away costs no memory. Others
/// are dropped and counted.
package final class SpanQueue: Sendable {
    private struct State {
        var spans: Deque<RecordedSpan> = []
        /// How many of them are to be sent, though they are less than a batch.
        var released = 0
        var isClosed = false
        var waiter: CheckedContinuation<[RecordedSpan], Never>?
    }

    private let capacity: Int
    private let batch: Int
    private let dropped: Counter
    private let state = Mutex(State())

    /// - Parameters:
    ///   - capacity: how many spans it holds; these and `batch` are what the specification of the batch processor has.
    ///   - batch: how many are sent at a time.
    package init(capacity: Int = 2048, batch: Int = 512, metrics: any MetricsFactory = MetricsSystem.factory) {
        self.capacity = capacity
        self.batch = batch
        dropped = Counter(label: "footfall_spans_dropped_total", factory: metrics)
    }

    package func add(_ span: RecordedSpan) {
        let isKept = change { state in
            guard !state.isClosed, state.spans.count < capacity else { return false }
            state.spans.append(span)
            return true
        }
        if !isKept { drop(1) }
    }

    /// Has what there is sent, though it is less than a batch.
    func release() { change { $0.released = $0.spans.count } }

    /// Takes no more spans; those that are there are sent.
    package func close() { change { $0.isClosed = true } }

    func drop(_ count: Int) { dropped.increment(by: count) }

    /// The next spans to be sent, once there is a batch of them, or fewer that were released. Empty where the queue is
    /// closed and no more are there. One task asks at a time.
    package func next() async -> [RecordedSpan] {
        await withCheckedContinuation { waiter in change { $0.waiter = waiter } }
    }

    private func change<Value>(_ body: (inout State) -> Value) -> Value {
        let (value, waiter, spans) = state.withLock { state in
            let value = body(&state)
            guard let waiter = state.waiter, let spans = take(from: &state) else {
                return (value, nil as CheckedContinuation<[RecordedSpan], Never>?, [] as [RecordedSpan])
            }
            state.waiter = nil
            return (value, waiter, spans)
        }
        waiter?.resume(returning: spans)
        return value
    }

    /// Nil where more spans are waited for.
    private func take(from state: inout State) -> [RecordedSpan]? {
        let count = min(batch, state.spans.count)
        guard count == batch || state.released > 0 || state.isClosed else { return nil }
        let spans = Array(state.spans.prefix(count))
        state.spans.removeFirst(count)
        state.released = max(0, state.released - count)
        return spans
    }
}
