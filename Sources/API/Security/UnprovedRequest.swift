import Access
import Synchronization

/// A request of which it is not known yet who sends it: it counts for the network that it came from, once, unless it
/// proves who sends it.
final class UnprovedRequest: Sendable {
    let network: RateNetwork
    private let limiter: RateLimiter?
    private let isCounted = Mutex(false)

    init(_ limiter: RateLimiter?, from address: String?) {
        self.limiter = limiter
        network = RateNetwork(address)
    }

    /// Takes it off what its network may make, and off what its site may.
    /// - Throws: `Problem` where nothing is left.
    func count() async throws(Problem) {
        guard let limiter, let rule = limiter.rules.everybody else { return }
        let isFirst = isCounted.withLock { isCounted in
            defer { isCounted = true }
            return !isCounted
        }
        guard isFirst else { return }
        let decision = await limiter.take(.network(network.name), by: rule)
        guard decision.isAllowed else { throw RateLimits.exceeded(rule, decision) }
        guard let site = network.site else { return }
        let wide = Self.ofSite(rule)
        let all = await limiter.take(.network(site), by: wide)
        guard all.isAllowed else {
            // So that a site of many networks takes no more room than it may make requests.
            await limiter.giveBack(.network(network.name), by: rule)
            throw RateLimits.exceeded(wide, all)
        }
    }

    /// Gives back what was counted: the request proved who sends it.
    func giveBack() async {
        guard let limiter, let rule = limiter.rules.everybody, isCounted.withLock({ $0 }) else { return }
        await limiter.giveBack(.network(network.name), by: rule)
        if let site = network.site { await limiter.giveBack(.network(site), by: Self.ofSite(rule)) }
    }

    private static func ofSite(_ rule: RateRules.Rule) -> RateRules.Rule {
        RateRules.Rule(name: rule.name, limit: rule.limit.times(RateNetwork.networksOfASite))
    }
}
