import Access
import EventSourcing
import HTTPTypes
import TestSupport
import Testing

@Suite struct SecurityLogTests {
    private func lines(
        rateLimiter: RateLimiter? = nil, _ body: @Sendable (TestAPI) async throws -> Void
    ) async throws -> [LogRecord.Line] {
        let record = LogRecord()
        try await withCommands(rateLimiter: rateLimiter, logger: record.logger, body)
        return record.lines.filter { $0.metadata["log"] == "security" }
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
        #expect(lines.map { $0.metadata["event"] } == ["precondition_refused", "command_refused", "camera_unknown"])
        #expect(lines.map { $0.metadata["reason"] } == ["stale_version", "validation_failed", "camera_not_found"])
        #expect(lines.map { $0.metadata["status"] } == ["412", "422", "404"])
        let facts = try #require(lines.first).metadata
        #expect(facts["actor"] == "ana")
        #expect(facts["camera_id"] == "1")
        #expect(facts["client_request_id"] == "r-1")
        #expect(facts["request_id"]?.count == 36)
        #expect(facts["route"] == "/api/v1/cameras/:id/status")
        #expect(facts["method"] == "PATCH")
        #expect(lines.allSatisfy { !"\($0.metadata)".contains("geheim") })
    }

    @Test func whoAsksTooOftenIsNoted() async throws {
        let limiter = RateLimiter(try RateRules("1/h"), logger: .silent)
        let lines = try await lines(rateLimiter: limiter) { api in
            for _ in 0..<2 { _ = try await api.post("/cameras", TestAPI.camera()) }
        }
        #expect(lines.map { $0.metadata["event"] } == ["rate_exceeded"])
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
