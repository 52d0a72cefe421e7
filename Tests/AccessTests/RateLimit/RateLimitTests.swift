import Access
import Logging
import Settings
import Synchronization
import Testing

/// Shows the microseconds that a test sets.
final class RateClock: Sendable {
    private let instant = Mutex<Int64>(0)
    var now: Int64 { instant.withLock(\.self) }
    func advance(by seconds: Double) { instant.withLock { $0 += Int64(seconds * 1_000_000) } }
}

extension Caller {
    static func user(_ name: String) -> Caller { .user(.nobody, name: name) }
}

extension MemoryRates {
    func take(_ name: String, _ limit: RateLimit) -> RateLimit.Decision { take(.user(name), limit) }

    func take(_ caller: Caller, _ limit: RateLimit, rule: String = "default") -> RateLimit.Decision {
        take(caller, by: RateRules.Rule(name: rule, limit: limit))
    }
}

@Suite struct RateLimitTests {
    private let clock = RateClock()
    private let limit: RateLimit

    init() throws { limit = try #require(RateLimit("3/m")) }

    private func rates(capacity: Int = 100) -> MemoryRates {
        MemoryRates(capacity: capacity, now: { [clock] in clock.now })
    }

    @Test func asManyAsTheLimitSaysPassAtOnceAndThenSteadily() {
        let rates = rates()
        let burst = (0..<4).map { _ in rates.take("ana", limit) }
        #expect(burst.map(\.isAllowed) == [true, true, true, false])
        #expect(burst.map(\.remaining) == [2, 1, 0, 0])
        #expect(burst.map(\.reset) == [.seconds(20), .seconds(40), .seconds(60), .seconds(60)])
        #expect(burst[3].retryAfter == .seconds(20))
        clock.advance(by: 19)
        #expect(rates.take("ana", limit).retryAfter == .seconds(1))
        clock.advance(by: 1)
        #expect(rates.take("ana", limit).isAllowed)
        #expect(!rates.take("ana", limit).isAllowed)
        clock.advance(by: 600)
        #expect((0..<4).map { _ in rates.take("ana", limit).isAllowed } == [true, true, true, false])
    }

    @Test func whatTheClockCountsFromDoesNotMatter() {
        for start in [Int64(-60_000_001), -7, 0, 7] {
            let rates = MemoryRates(now: { start })
            #expect((0..<4).map { _ in rates.take("ana", limit).remaining } == [2, 1, 0, 0])
        }
    }

    @Test func refusedRequestsCostNothing() {
        let rates = rates()
        for _ in 0..<100 { _ = rates.take("ana", limit) }
        clock.advance(by: 20)
        #expect(rates.take("ana", limit).isAllowed)
    }

    @Test func inNoPeriodDoMoreThanTwiceTheLimitPassAndOnAverageTheLimit() {
        let rates = rates()
        var allowed = 0
        for _ in 0..<6000 {
            clock.advance(by: 0.1)
            if rates.take("ana", limit).isAllowed { allowed += 1 }
        }
        // Three at once, and one whenever twenty seconds of the ten minutes are over.
        #expect(allowed == 3 + 29)
    }

    @Test func usersDoNotShareALimit() {
        let rates = rates()
        for _ in 0..<3 { #expect(rates.take("ana", limit).isAllowed) }
        #expect(rates.take("ben", limit).isAllowed)
    }

    @Test func whoHasEverythingLeftIsForgottenAndNobodyElse() {
        let rates = rates()
        for number in 0..<50 { _ = rates.take("user \(number)", limit) }
        clock.advance(by: 3600)
        for _ in 0..<3 { _ = rates.take("ana", limit) }
        clock.advance(by: 3599.5)
        for _ in 0..<3 { _ = rates.take("ben", limit) }
        clock.advance(by: 1)
        #expect(!rates.take("ben", limit).isAllowed)
        clock.advance(by: 3600)
        _ = rates.take("cem", limit)
        #expect(rates.count <= 3)
    }

    @Test func beyondItsRoomNewUsersShareOneLimit() {
        let rates = rates(capacity: 2)
        #expect(rates.take("a", limit).isAllowed)
        #expect(rates.take("b", limit).isAllowed)
        let others = (0..<1000).map { rates.take("user \($0)", limit).isAllowed }
        #expect(others.count(where: \.self) == 3)
        #expect(rates.count == 3)
        #expect(rates.take("a", limit).isAllowed)
    }

    /// Anyone who has not proved who they are cannot fill the table of those who have, nor one rule's overflow
    /// another's.
    @Test func networksTakeNoRoomFromUsers() {
        let rates = rates(capacity: 2)
        for number in 0..<1000 { _ = rates.take(.network("network \(number)"), limit) }
        for name in ["ana", "ben"] {
            #expect((0..<4).map { _ in rates.take(name, limit).isAllowed } == [true, true, true, false])
        }
        for rule in ["default", "worker"] {
            let others = (0..<10).map { rates.take(.user("new \($0)"), limit, rule: rule).isAllowed }
            #expect(others.count(where: \.self) == 3, "\(rule)")
        }
        #expect(rates.count == 3 + 4)
    }

    @Test func oneNameFromTwoIssuersIsTwoUsers() {
        let rates = rates()
        let issuers = [
            Issuer.nobody, .service, .token(iss: nil), .token(iss: ""), .token(iss: "a:b"), .token(iss: "a"),
        ]
        for issuer in issuers {
            for _ in 0..<3 { #expect(rates.take(.user(issuer, name: "b:ana"), limit).isAllowed, "\(issuer)") }
        }
        #expect(!rates.take(.user(.token(iss: "a"), name: "b:ana"), limit).isAllowed)
        #expect(rates.take(.user(.token(iss: "a"), name: "ana"), limit).isAllowed)
    }

    @Test func whatIsGivenBackCanBeTakenAgain() {
        let rates = rates()
        let rule = RateRules.Rule(name: "default", limit: limit)
        for _ in 0..<3 { _ = rates.take("ana", limit) }
        rates.giveBack(.user("ana"), by: rule)
        #expect(rates.take("ana", limit).isAllowed)
        #expect(!rates.take("ana", limit).isAllowed)
        for _ in 0..<9 { rates.giveBack(.user("ana"), by: rule) }
        #expect(rates.count == 0)
        #expect((0..<4).map { _ in rates.take("ana", limit).isAllowed } == [true, true, true, false])
    }

    @Test(arguments: ["", "100", "0/m", "-1/m", "1/d", "1/m/s", "01/m", "+1/m", "1000001/s", "1e3/s", " 1/m"])
    func aMalformedLimitIsNone(text: String) { #expect(RateLimit(text) == nil) }

    @Test func rulesAreOfRoles() throws {
        let rules = try RateRules("100/m, worker=6000/m, admin=off")
        #expect(rules.rule(for: [])?.name == "default")
        #expect(rules.rule(for: [.viewer])?.limit == RateLimit("100/m"))
        #expect(rules.rule(for: [.worker])?.limit == RateLimit("6000/m"))
        #expect(rules.rule(for: [.worker])?.name == "worker")
        #expect(rules.rule(for: [.worker, .admin]) == nil)
        #expect(try RateRules("off").rule(for: [.viewer]) == nil)
        #expect(try RateRules("off,viewer=1/s").rule(for: [.viewer])?.limit == RateLimit("1/s"))
        #expect(try RateRules("viewer=1/s,operator=2/s").rule(for: [.viewer, .operator])?.name == "operator")
        #expect(try RateRules(LimitSettings.rates).rule(for: [.worker])?.limit == RateLimit("6000/m"))
    }

    @Test(arguments: ["", "many", "100/m,", "100/m,200/m", "boss=1/s", "worker=", "worker=1/s,worker=2/s", "a=b=c"])
    func malformedRulesAreRefused(text: String) {
        #expect(throws: RateRules.Invalid.self) { try RateRules(text) }
    }
}
