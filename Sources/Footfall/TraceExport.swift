import API
import Foundation
import Logging
import OpenTelemetry
import Release
import Settings
import Tracing

/// Where the process's spans are sent, and which.
struct TraceExport: Sendable {
    let endpoint: String
    let sampling: Double

    /// Nil where they are sent nowhere.
    init?(_ reader: inout SettingReader) {
        let sampling = reader.value(\.traces.sampling)
        guard let endpoint = reader.value(\.traces.endpoint) else { return nil }
        self.endpoint = endpoint
        self.sampling = sampling
    }

    /// Sets up the process's tracer; once, and before anything that keeps it, as HTTP clients do.
    /// - Returns: what must run for spans to be sent.
    static func begin(_ export: TraceExport?, logger: Logger) -> SpanExporter? {
        guard let export else {
            InstrumentationSystem.bootstrap(W3CTracer())
            return nil
        }
        let queue = SpanQueue(metrics: processMetrics)
        InstrumentationSystem.bootstrap(W3CTracer(queue: queue, ratio: export.sampling))
        return SpanExporter(
            queue, to: export.endpoint,
            resource: [
                ("service.name", "footfall"), ("service.version", .string(Release.version)),
                ("service.instance.id", .string(UUID().uuidString.lowercased())),
                ("host.name", .string(ProcessInfo.processInfo.hostName)),
                ("process.pid", .int64(Int64(ProcessInfo.processInfo.processIdentifier))),
            ],
            metrics: processMetrics, logger: logger)
    }
}
