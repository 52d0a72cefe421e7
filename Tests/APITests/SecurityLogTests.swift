import Access
import EventSourcing
import HTTPTypes
import Logging
import Synchronization
import Testing

@Suite struct SecurityLogTests {
    /// Keeps what is logged.
    private final class Record: Sendable {
        struct Line {
            let level: Logger.Level
            let facts: [String: String]
        }

        private let kept = Mutex<[Line]>([])
        var lines: [Line] { kept.withLock(\.self) }

        func keep(_ line: Line) { kept.withLock { $0.append(line) } }

        /// A logger that writes here.
        var logger: Logger { Logger(label: "test") { _ in Handler(record: self) } }
    }

    private struct Handler: LogHandler {
        let record: Record
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.debug
        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }
        func log(event: LogEvent) {
            let all = metadata.merging(event.metadata ?? [:]) { $1 }
            guard all["log"] == "security" else { return }
            record.keep(Record.Line(level: event.level, facts: all.mapValues { "\($0)" }))
        }
    }

    private func lines(
        rateLimiter: RateLimiter? = nil, _ body: @Sendable (TestAPI) async throws -> Void
    ) async throws -> [Record.Line] {
        let record = Record()
        try await withCommands(rateLimiter: rateLimiter, logger: record.logger, body)
        return record.lines
    }

    @Test func refusedCommandsAreNotedWithTheirFacts() async throws {
        let lines = try await lines { api in
            let id = try await api.register()
            _ = try await api.post("/cameras/\(id)/start")
            _ = try await api.send(
                .patch, "/cameras/\(id)/status", #"{"status":"maintenance"}"#,
                headers: [.ifMatch: "\"1\"", .requestID: "r-1", .actor: "ana"])
            _ = try await api.post("/cameras", #"{"password":"geheim"}"#)
            _ = try await api.post("/cameras/77/start")
        }
        #expect(lines.map { $0.facts["event"] } == ["precondition_refused", "command_refused", "camera_unknown"])
        #expect(lines.map { $0.facts["reason"] } == ["stale_version", "validation_failed", "camera_not_found"])
        #expect(lines.map { $0.facts["status"] } == ["412", "422", "404"])
        let facts = try #require(lines.first).facts
        #expect(facts["actor"] == "ana")
        #expect(facts["camera_id"] == "1")
        #expect(facts["request_id"] == "r-1")
        #expect(facts["route"] == "/api/v1/cameras/:id/status")
        #expect(facts["method"] == "PATCH")
        #expect(lines.allSatisfy { !"\($0.facts)".contains("geheim") })
    }

    @Test func whoAsksTooOftenIsNoted() async throws {
        let limiter = RateLimiter(try RateRules("1/h"), logger: .silent)
        let lines = try await lines(rateLimiter: limiter) { api in
            for _ in 0..<2 { _ = try await api.post("/cameras", TestAPI.camera()) }
        }
        #expect(lines.map { $0.facts["event"] } == ["rate_exceeded"])
        #expect(lines.first?.level == .warning)
    }

    @Test func readsThatFindNothingAndWhatWasDoneAreNotNoted() async throws {
        let lines = try await lines { api in
            try await api.register()
            _ = try await api.get("/nothing")
            _ = try await api.get("/audit?limit=0")
        }
        #expect(lines.isEmpty)
    }
}
