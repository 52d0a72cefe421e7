import EventSourcing
import Tracing

/// A request of OTLP/HTTP for spans, in its JSON encoding (opentelemetry.io/docs/specs/otlp, "JSON Protobuf Encoding"):
/// ids are hexadecimal, enumerations are numbers, and integers of 64 bits are texts.
struct OTLPRequest {
    let resource: [(String, SpanAttribute)]
    let spans: [RecordedSpan]

    /// What would tell more than the log does: a query may name people and places.
    private static let withheld: Set<String> = ["url.query", "url.full"]

    var json: JSON {
        [
            "resourceSpans": [
                [
                    "resource": ["attributes": .array(resource.map(Self.attribute))],
                    "scopeSpans": [["scope": ["name": "footfall"], "spans": .array(spans.map(Self.span))]],
                ]
            ]
        ]
    }

    private static func span(_ span: RecordedSpan) -> JSON {
        .members([
            "traceId": .string(span.context.traceID),
            "spanId": .string(span.context.spanID),
            "traceState": span.context.state.map(JSON.string),
            "parentSpanId": span.parent.map { parent in
                .string(TraceContext(trace: span.context.trace, span: parent, isSampled: true).spanID)
            },
            // The flags of W3C's standard, of which the lowest is that it is sampled.
            "flags": 1,
            "name": .string(span.name),
            "kind": .integer(number(of: span.kind)),
            "startTimeUnixNano": .string(String(span.start)),
            "endTimeUnixNano": .string(String(span.end)),
            "attributes": list(span.attributes),
            "events": span.events.isEmpty
                ? nil
                : .array(
                    span.events.map { event in
                        [
                            "timeUnixNano": .string(String(event.nanosecondsSinceEpoch)), "name": .string(event.name),
                            "attributes": list(event.attributes),
                        ]
                    }),
            "droppedEventsCount": count(span.droppedEvents),
            "links": span.links.isEmpty ? nil : .array(span.links.compactMap(link)),
            "droppedLinksCount": count(span.droppedLinks),
            "status": span.status.map(status),
        ])
    }

    private static func count(_ dropped: Int) -> JSON? { dropped == 0 ? nil : .integer(Int64(dropped)) }

    private static func link(_ link: SpanLink) -> JSON? {
        guard let trace = link.context.trace else { return nil }
        return [
            "traceId": .string(trace.traceID), "spanId": .string(trace.spanID), "attributes": list(link.attributes),
        ]
    }

    /// `Span.SpanKind`.
    private static func number(of kind: SpanKind) -> Int64 {
        switch kind {
        case .internal: 1
        case .server: 2
        case .client: 3
        case .producer: 4
        case .consumer: 5
        }
    }

    /// `Status.StatusCode`.
    private static func status(_ status: SpanStatus) -> JSON {
        let code: Int64 =
            switch status.code {
            case .ok: 1
            case .error: 2
            }
        return .members(["message": status.message.map(JSON.string), "code": .integer(code)])
    }

    private static func list(_ attributes: SpanAttributes) -> JSON {
        var all: [(String, SpanAttribute)] = []
        attributes.forEach { key, value in if !withheld.contains(key) { all.append((key, value)) } }
        return .array(all.sorted { $0.0 < $1.0 }.map(attribute))
    }

    private static func attribute(_ key: String, _ value: SpanAttribute) -> JSON {
        ["key": .string(key), "value": Self.value(value)]
    }

    /// `AnyValue`.
    private static func value(_ attribute: SpanAttribute) -> JSON {
        func array(_ values: [SpanAttribute]) -> JSON { ["arrayValue": ["values": .array(values.map(value))]] }
        return switch attribute {
        case .int32(let value): ["intValue": .string(String(value))]
        case .int64(let value): ["intValue": .string(String(value))]
        case .double(let value): ["doubleValue": value.isFinite ? .number(value) : .string(text(value))]
        case .bool(let value): ["boolValue": .bool(value)]
        case .string(let value): ["stringValue": .string(value)]
        case .stringConvertible(let value): ["stringValue": .string(value.description)]
        case .int32Array(let values): array(values.map(SpanAttribute.int32))
        case .int64Array(let values): array(values.map(SpanAttribute.int64))
        case .doubleArray(let values): array(values.map(SpanAttribute.double))
        case .boolArray(let values): array(values.map(SpanAttribute.bool))
        case .stringArray(let values): array(values.map(SpanAttribute.string))
        case .stringConvertibleArray(let values): array(values.map { .string($0.description) })
        default: ["stringValue": .string("\(attribute)")]
        }
    }

    /// What protobuf's mapping to JSON has for numbers that JSON cannot say.
    private static func text(_ value: Double) -> String {
        value.isNaN ? "NaN" : value < 0 ? "-Infinity" : "Infinity"
    }
}
