import Tracing

/// The tracer of Footfall's programs: takes traces from `traceparent` headers, passes them on in such headers, and hands
/// finished spans to a queue for export.
///
/// Without a queue nothing is recorded, and no traces begin here: those that requests bring are passed on.
package struct W3CTracer: Tracer {
    private static let parentHeader = "traceparent"
    private static let stateHeader = "tracestate"

    private let queue: SpanQueue?
    /// A trace that begins here is recorded where its id's lower half is below this.
    private let bound: UInt64
    private let random: @Sendable () -> UInt64

    /// - Parameters:
    ///   - queue: takes the spans that are recorded.
    ///   - ratio: how many of the traces that begin here are recorded, 0 to 1; others go by what they bring.
    package init(
        queue: SpanQueue? = nil, ratio: Double = 1,
        random: @escaping @Sendable () -> UInt64 = { UInt64.random(in: 1 ... .max) }
    ) {
        self.queue = queue
        bound = UInt64(exactly: (ratio * 0x1p64).rounded()) ?? .max
        self.random = random
    }

    package func extract<Carrier, Extract: Extractor>(
        _ carrier: Carrier, into context: inout ServiceContext, using extractor: Extract
    ) where Extract.Carrier == Carrier {
        guard let parent = extractor.extract(key: Self.parentHeader, from: carrier) else { return }
        context.trace = TraceContext(
            parent: parent, state: extractor.extract(key: Self.stateHeader, from: carrier))
    }

    package func inject<Carrier, Inject: Injector>(
        _ context: ServiceContext, into carrier: inout Carrier, using injector: Inject
    ) where Inject.Carrier == Carrier {
        guard let trace = context.trace else { return }
        injector.inject(trace.parent, forKey: Self.parentHeader, into: &carrier)
        if let state = trace.state { injector.inject(state, forKey: Self.stateHeader, into: &carrier) }
    }

    package func startSpan<Instant: TracerInstant>(
        _ operationName: String, context: @autoclosure () -> ServiceContext, ofKind kind: SpanKind,
        at instant: @autoclosure () -> Instant, function: String, file fileID: String, line: UInt
    ) -> TraceSpan {
        var context = context()
        let parent = context.trace
        guard parent != nil || queue != nil else { return TraceSpan(context, operationName) }
        let trace = child(of: parent)
        context.trace = trace
        guard let queue, trace.isSampled else { return TraceSpan(context, operationName) }
        return TraceSpan(
            context,
            RecordedSpan(
                context: trace, parent: parent?.span, name: operationName, kind: kind,
                start: instant().nanosecondsSinceEpoch),
            for: queue)
    }

    private func child(of parent: TraceContext?) -> TraceContext {
        if let parent {
            return TraceContext(
                trace: parent.trace, span: random(), isSampled: parent.isSampled, state: parent.state)
        }
        let low = random()
        return TraceContext(
            trace: UInt128(random()) << 64 | UInt128(low), span: random(), isSampled: low < bound || bound == .max)
    }

    /// The exporter sends what there is by itself.
    package func forceFlush() {}
}
