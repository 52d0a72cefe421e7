import EventSourcing
import Tracing

/// A log whose appends are spans of the traces that they belong to.
package struct TracedEventLog: EventLog {
    private let log: any EventLog

    package init(_ log: any EventLog) { self.log = log }

    package func append(_ appends: [Append]) async throws(EventLogError) -> [AppendOutcome] {
        let span = startSpan("append", ofKind: .client)
        defer { span.end() }
        if span.isRecording {
            span.updateAttributes { attributes in
                attributes["db.system.name"] = "postgresql"
                attributes["footfall.appends"] = appends.count
                attributes["footfall.events"] = appends.reduce(0) { $0 + $1.events.count }
            }
        }
        do throws(EventLogError) { return try await log.append(appends) } catch {
            span.recordError(error)
            span.setStatus(SpanStatus(code: .error))
            throw error
        }
    }

    package func read(
        _ stream: StreamName, after version: Int64, limit: Int
    ) async throws(EventLogError) -> [RecordedEvent] {
        try await log.read(stream, after: version, limit: limit)
    }

    package func read(after position: Int64, limit: Int) async throws(EventLogError) -> [RecordedEvent] {
        try await log.read(after: position, limit: limit)
    }

    package func read(at positions: [Int64]) async throws(EventLogError) -> [RecordedEvent] {
        try await log.read(at: positions)
    }

    package func head() async throws(EventLogError) -> Int64 { try await log.head() }

    package func clockJumps() async throws(EventLogError) -> [ClockJump] { try await log.clockJumps() }

    package func checkWriting() async throws(EventLogError) { try await log.checkWriting() }

    package var history: HistoryToken { log.history }
}
