/// How many requests somebody may make in how long: all of them at once where they have made none of late, and steadily
/// from then on.
///
/// The generic cell rate algorithm (ITU-T I.371, annex A): of what a user has asked for it keeps one instant alone, that
/// at which nothing of it would be left over. It is exact, without windows at whose edges twice as much passes.
package struct RateLimit: Hashable, Sendable {
    package let requests: Int64
    package let period: Duration
    /// One request's share of the period, in microseconds.
    let interval: Int64

    /// What was decided about one request.
    package struct Decision: Hashable, Sendable {
        package let isAllowed: Bool
        /// How many requests more would be allowed now.
        package let remaining: Int64
        /// In how long all of them are, unless there are further ones.
        package let reset: Duration
        /// In how long the next one is; zero where it is now.
        package let retryAfter: Duration
    }

    /// - Parameter requests: from 1 to a million a second.
    package init?(requests: Int64, period: Duration) {
        let microseconds = period.microseconds
        guard requests >= 1, microseconds >= 1, requests <= microseconds else { return nil }
        self.requests = requests
        self.period = period
        interval = microseconds / requests
    }

    /// `100/m`: a number, and s, m or h.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let requests = Int64(parts[0]), String(requests) == parts[0],
            let seconds = ["s": 1, "m": 60, "h": 3600][parts[1]]
        else { return nil }
        self.init(requests: requests, period: .seconds(seconds))
    }

    /// So many times as much in the same period, as far as that can be counted.
    package func times(_ factor: Int64) -> RateLimit {
        let (product, overflows) = requests.multipliedReportingOverflow(by: factor)
        return (overflows ? nil : RateLimit(requests: product, period: period)) ?? self
    }

    /// How much may be left over at most, in microseconds.
    var depth: Int64 { interval * requests }

    /// - Parameters:
    ///   - emptyAt: when nothing would be left over; any time that has passed stands for nothing.
    ///   - now: in microseconds, as `emptyAt`.
    func take(_ emptyAt: inout Int64, at now: Int64) -> Decision {
        let next = max(emptyAt, now) + interval
        guard next - now <= depth else { return decision(isAllowed: false, leftOver: emptyAt - now) }
        emptyAt = next
        return decision(isAllowed: true, leftOver: next - now)
    }

    /// - Parameter leftOver: in microseconds, after the decision.
    func decision(isAllowed: Bool, leftOver: Int64) -> Decision {
        Decision(
            isAllowed: isAllowed, remaining: max(0, (depth - leftOver) / interval), reset: .microseconds(leftOver),
            retryAfter: .microseconds(max(0, leftOver + interval - depth)))
    }
}

extension Duration {
    var microseconds: Int64 { components.seconds * 1_000_000 + components.attoseconds / 1_000_000_000_000 }

    /// In whole seconds, rounded up.
    package var wholeSeconds: Int64 { components.seconds + (components.attoseconds > 0 ? 1 : 0) }
}
