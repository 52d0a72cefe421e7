import Access
import Synchronization
import Testing

@Suite struct RateLimitTests {
    private final class Clock: Sendable {
        private let instant = Mutex<Int64>(0)
        var now: Int64 { instant.withLock(\.self) }
        func advance(by seconds: Int64) { instant.withLock { $0 += seconds * 1_000_000 } }
    }

    private let clock = Clock()

    private func limiter(_ rules: String) throws -> RateLimiter {
        RateLimiter(try RateRules(rules), memory: MemoryRates(now: { [clock] in clock.now }), logger: .silent)
    }

    @Test func whoAsksTooOftenIsRefusedUntilTheTimeThatTheAnswerNames() async throws {
        try await withCommands(rateLimiter: try limiter("2/m")) { api in
            let answers = [
                try await api.post("/cameras", TestAPI.camera()), try await api.post("/cameras/1/start"),
                try await api.post("/cameras", TestAPI.camera()),
            ]
            #expect(answers.map(\.status) == [201, 200, 429])
            #expect(answers.map { $0.header("RateLimit-Policy") } == Array(repeating: #""default";q=2;w=60"#, count: 3))
            #expect(
                answers.map { $0.header("RateLimit") }
                    == [#""default";r=1;t=30"#, #""default";r=0;t=60"#, #""default";r=0;t=60"#])
            answers[2].expectProblem(429, "rate_limited")
            #expect(answers[2].header("Retry-After") == "30")
            #expect(try await api.log.head() == 2)
            clock.advance(by: 30)
            #expect(try await api.post("/cameras", TestAPI.camera()).status == 201)
        }
    }

    @Test func whatIsRefusedOrFailsCountsAndSaysWhatIsLeft() async throws {
        try await withCommands(rateLimiter: try limiter("2/m")) { api in
            let invalid = try await api.post("/cameras", "{}")
            invalid.expectProblem(422, "validation_failed")
            #expect(invalid.header("RateLimit") == #""default";r=1;t=30"#)
            let failed = try await api.get("/cameras")
            failed.expectProblem(503, "database_unavailable")
            #expect(failed.header("RateLimit") == #""default";r=0;t=60"#)
            try await api.get("/cameras").expectProblem(429, "rate_limited")
        }
    }

    @Test func eachUserHasALimitOfTheirOwn() async throws {
        try await withCommands(rateLimiter: try limiter("1/m")) { api in
            for (actor, status) in [("ana", 201), ("ben", 201), ("ana", 429)] {
                let answer = try await api.post("/cameras", TestAPI.camera(), headers: [.actor: actor])
                #expect(answer.status == status)
            }
        }
    }

    @Test func whatIsOpenToEverybodyDoesNotCount() async throws {
        try await withCommands(rateLimiter: try limiter("1/m")) { api in
            for _ in 0..<3 {
                let answer = try await api.get("/health/live")
                #expect(answer.status == 200)
                #expect(answer.header("RateLimit") == nil)
            }
        }
    }
}
