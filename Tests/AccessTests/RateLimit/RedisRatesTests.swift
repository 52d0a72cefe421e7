import Access
import Logging
import Resilience
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(2)), .enabled(if: RedisServer.isInstalled)) struct RedisRatesTests {
    private let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    private let rule: RateRules.Rule

    init() throws { rule = try #require(try RateRules("5/h").rule(for: [])) }

    @Test func severalProcessesShareOneLimit() async throws {
        let server = try RedisServer()
        try server.start()
        let limiters = try (0..<3).map { _ in
            RateLimiter(
                try RateRules("5/h"), redis: RedisRates(try server.target()), logger: silent)
        }
        var decisions: [RateLimit.Decision] = []
        for index in 0..<9 { decisions.append(await limiters[index % 3].take(.user("ana"), by: rule)) }
        #expect(decisions.map(\.isAllowed) == [true, true, true, true, true, false, false, false, false])
        #expect(decisions.prefix(5).map(\.remaining) == [4, 3, 2, 1, 0])
        #expect(decisions[8].retryAfter > .seconds(600) && decisions[8].retryAfter <= .seconds(720))
        #expect(await limiters[0].take(.user("ben"), by: rule).isAllowed)
        #expect(limiters.allSatisfy { $0.circuit?.state == .closed })
    }

    @Test func manyAtOnceAreCountedExactly() async throws {
        let server = try RedisServer()
        try server.start()
        let rates = RedisRates(try server.target())
        let limit = try #require(RateLimit("100/h"))
        let allowed = try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<500 { group.addTask { try await rates.take("ana", limit).isAllowed } }
            return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(allowed == 100)
    }

    @Test func withoutRedisEachProcessCountsForItselfAndSharesAgainOnceItIsBack() async throws {
        let server = try RedisServer()
        try server.start()
        let time = Mutex(ContinuousClock.now)
        let circuit = CircuitBreaker(
            "redis", Circuit.Rule(failures: 1, firstPause: .seconds(1)), now: { time.withLock(\.self) })
        let limiter = RateLimiter(
            try RateRules("5/h"), redis: RedisRates(try server.target()), logger: silent, circuit: circuit)
        #expect(await limiter.take(.user("ana"), by: rule).remaining == 4)
        server.stop()
        #expect(await limiter.take(.user("ana"), by: rule).remaining == 4)
        #expect(circuit.state == .open)
        #expect(await limiter.take(.user("ana"), by: rule).remaining == 3)

        // Nothing is asked of it until the pause is over, then one trial is.
        try server.start()
        #expect(await limiter.take(.user("ana"), by: rule).remaining == 2)
        time.withLock { $0 += .seconds(2) }
        // The server is a new one: it knows neither the script nor what was counted.
        #expect(await limiter.take(.user("ana"), by: rule).remaining == 4)
        #expect(circuit.state == .closed)
    }

    @Test func aWrongPasswordIsAFailureThatNamesNoPassword() async throws {
        let server = try RedisServer()
        try server.start()
        let target = try RedisTarget(server.url.replacing("secret", with: "wrongword"))
        #expect(!"\(target)".contains("wrongword"))
        let error = await #expect(throws: (any Error).self) {
            _ = try await RedisRates(target).take("ana", try #require(RateLimit("1/s")))
        }
        #expect(!"\(error as Any)".contains("wrongword"))
    }

    @Test(
        arguments: [
            "", "http://h", "redis://", "redis://h:0", "redis://h/x", "redis://h?db=1", "unix://relative",
            "unix:///s?x=1",
        ])
    func aMalformedURLIsRefused(text: String) {
        #expect(throws: RedisTarget.Invalid.self) { try RedisTarget(text) }
    }

    @Test func aURLNamesPlaceAndDatabase() throws {
        #expect("\(try RedisTarget("redis://user:secret@example:6380/2"))" == "redis://example:6380/2")
        #expect("\(try RedisTarget("redis://example"))" == "redis://example:6379/0")
        #expect("\(try RedisTarget("unix:///run/redis/s?db=3"))" == "unix:///run/redis/s?db=3")
    }
}
