import Tracing

/// What is known of a span. Times are nanoseconds since 1970.
package struct RecordedSpan: Sendable {
    /// How many events and links a span has at most; further ones are counted.
    static let maximumCount = 128

    package let context: TraceContext
    /// Nil where the trace begins with it.
    package let parent: UInt64?
    package var name: String
    package let kind: SpanKind
    package let start: UInt64
    package var end: UInt64 = 0
    package var attributes: SpanAttributes = [:]
    package private(set) var events: [SpanEvent] = []
    package private(set) var links: [SpanLink] = []
    package var status: SpanStatus?
    private(set) var droppedEvents = 0
    private(set) var droppedLinks = 0

    init(context: TraceContext, parent: UInt64?, name: String, kind: SpanKind, start: UInt64) {
        self.context = context
        self.parent = parent
        self.name = name
        self.kind = kind
        self.start = start
    }

    mutating func add(_ event: SpanEvent) {
        if events.count < Self.maximumCount { events.append(event) } else { droppedEvents += 1 }
    }

    mutating func add(_ link: SpanLink) {
        if links.count < Self.maximumCount { links.append(link) } else { droppedLinks += 1 }
    }

    /// A request that the server could not answer has failed (OpenTelemetry's conventions for HTTP spans).
    mutating func completeStatus() {
        guard status == nil, case .server = kind, case .int64(let code)? = attributes.get("http.response.status_code"),
            code >= 500
        else { return }
        status = SpanStatus(code: .error)
    }
}
