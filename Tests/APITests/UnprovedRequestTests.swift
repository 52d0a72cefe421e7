import EventSourcing
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import API
@testable import Access

/// Requests of which it is not known who sends them.
@Suite struct UnprovedRequestTests {
    private func limiter(_ rules: String, capacity: Int = 50_000) throws -> RateLimiter {
        RateLimiter(try RateRules(rules), memory: MemoryRates(capacity: capacity, now: { 0 }), logger: .silent)
    }

    @Test(
        arguments: [
            ("10.1.2.3", "10.1.2.3", nil), ("::ffff:10.1.2.3", "10.1.2.3", nil), ("::FFFF:a01:203", "10.1.2.3", nil),
            ("2001:db8:1:2:3:4:5:6", "20010db800010002", "20010db80001"),
            ("2001:db8:1:2::", "20010db800010002", "20010db80001"),
            ("fe80::1%eth0", "fe80000000000000", "fe8000000000"),
            ("::1", "0000000000000000", "000000000000"), (nil, "unknown", nil), ("unix", "unix", nil),
        ] as [(String?, String, String?)])
    func aClientsNetworkIsWhatItHasToItself(address: String?, name: String, site: String?) {
        let network = RateNetwork(address)
        #expect(network.name == name)
        #expect(network.site == site)
    }

    private func isCounted(_ address: String, _ limiter: RateLimiter) async -> Bool {
        do throws(Problem) {
            try await UnprovedRequest(limiter, from: address).count()
            return true
        } catch {
            #expect(error.code == .rateLimited)
            return false
        }
    }

    @Test func mappedAddressesAreApart() async throws {
        let limiter = try limiter("1/m")
        #expect(await isCounted("::ffff:127.0.0.1", limiter))
        #expect(await !isCounted("::ffff:127.0.0.1", limiter))
        #expect(await !isCounted("127.0.0.1", limiter))
        #expect(await isCounted("::ffff:127.0.0.77", limiter))
    }

    /// 65,536 networks of 64 bits are one site's.
    @Test func aSiteHasTheShareOfFourNetworks() async throws {
        let limiter = try limiter("2/m")
        var counted = 0
        for number in 0..<500 where await isCounted("2001:db8:1:\(String(number, radix: 16))::1", limiter) {
            counted += 1
        }
        #expect(counted == 8)
        #expect(await isCounted("2001:db8:2::1", limiter))
    }

    @Test func itCountsOnceAndIsGivenBack() async throws {
        let limiter = try limiter("1/m")
        let request = UnprovedRequest(limiter, from: "2001:db8::1")
        try await request.count()
        try await request.count()
        #expect(await !isCounted("2001:db8::2", limiter))
        await request.giveBack()
        #expect(await isCounted("2001:db8::2", limiter))
    }

    /// Fifty thousand addresses without a token, and then those who have one.
    @Test func aFloodOfAddressesTakesNothingFromUsers() async throws {
        let limiter = try limiter("3/m, worker=5/m", capacity: 1000)
        for number in 0..<50_000 {
            _ = await isCounted("10.\(number / 65536).\(number / 256 % 256).\(number % 256)", limiter)
        }
        let tokens = try await TestTokens()
        try await withCommands(authentication: tokens.authentication, rateLimiter: limiter) { api in
            for (token, limit) in [
                (try tokens.token("new", [.operator]), 3), (try tokens.all(), 3), (try tokens.worker("w1"), 5),
            ] {
                for left in stride(from: limit - 1, through: 0, by: -1) {
                    let answer = try await api.with(token).get("/cameras/1/config")
                    #expect(answer.status != 429)
                    #expect(answer.header("RateLimit")?.contains("r=\(left);") == true)
                }
                try await api.with(token).get("/cameras/1/config").expectProblem(429, "rate_limited")
            }
        }
    }

    /// A client with made up tokens: the service is asked for as many as its limit allows, and knows those who are known.
    @Test func madeUpTokensAreCountedBeforeTheServiceIsAsked() async throws {
        let asked = Mutex(0)
        let service = IdentityService(
            now: { Timestamp(microseconds: 0) }, logger: .silent,
            ask: { token in
                asked.withLock { $0 += 1 }
                switch token {
                case "ana": return (200, Array(#"{"sub":"ana","role":"operator"}"#.utf8))
                case "down": return (500, [])
                default: return (401, [])
                }
            })
        let authentication = Authentication.tokens(
            try await TokenVerifier(own: nil, authority: .service(service), now: { Timestamp(microseconds: 0) }))
        try await withCommands(authentication: authentication, rateLimiter: try limiter("4/m")) { api in
            // Who proves it counts as a user, and not for the address.
            #expect(try await api.with("ana").post("/cameras", TestAPI.camera()).status == 201)
            try await api.with("down").post("/cameras").expectProblem(503, "identity_unavailable")
            for number in 0..<3 {
                try await api.with("made-up-\(number)").post("/cameras").expectProblem(401, "unauthenticated")
            }
            for number in 3..<50 {
                try await api.with("made-up-\(number)").post("/cameras").expectProblem(429, "rate_limited")
            }
            #expect(asked.withLock(\.self) == 5)
            #expect(try await api.with("ana").post("/cameras", TestAPI.camera()).status == 201)
        }
    }
}
