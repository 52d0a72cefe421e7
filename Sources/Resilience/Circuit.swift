/// When to ask something that fails, and when not to: a state machine without a clock or threads of its own.
///
/// Closed: all calls pass. Once as many have failed within a window as the rule says, it opens: none passes, for a
/// jittered pause that doubles with every failure of the trial that ends it. Half open: one call passes as that trial,
/// and decides. Of calls that passed before it opened, later reports change nothing.
package struct Circuit: Sendable {
    package typealias Instant = ContinuousClock.Instant

    package enum State: String, CaseIterable, Sendable {
        case closed
        case halfOpen = "half_open"
        case open
    }

    package struct Rule: Sendable {
        /// How many failures within the window open it.
        package var failures: Int
        package var window: Duration
        package var firstPause: Duration
        package var longestPause: Duration

        package init(
            failures: Int = 5, window: Duration = .seconds(10), firstPause: Duration = .milliseconds(500),
            longestPause: Duration = .seconds(10)
        ) {
            self.failures = max(1, failures)
            self.window = window
            self.firstPause = firstPause
            self.longestPause = longestPause
        }
    }

    /// The right to make one call; its end must be reported.
    package struct Ticket: Hashable, Sendable {
        fileprivate let period: Int
    }

    package enum Admission: Hashable, Sendable {
        case admitted(Ticket)
        /// Ask again after this time.
        case refused(retryAfter: Duration)
    }

    package enum Report: Sendable {
        case success
        case failure
        /// The call says nothing about what it asked: it was cancelled, for instance.
        case nothing
    }

    package private(set) var state = State.closed
    private let rule: Rule
    private var backoff: Backoff
    /// When those failed that count, while it is closed: fewer than open it.
    private var failedAt: [Instant] = []
    private var opensUntil: Instant?
    /// Counts the changes of state: tells tickets of now from earlier ones.
    private var period = 0
    private var isTrialUnderWay = false

    package init(_ rule: Rule) {
        self.rule = rule
        backoff = Backoff(first: rule.firstPause, longest: rule.longestPause)
    }

    package mutating func admit(at now: Instant) -> Admission {
        switch state {
        case .closed: return .admitted(Ticket(period: period))
        case .open:
            if let opensUntil, now < opensUntil { return .refused(retryAfter: opensUntil - now) }
            enter(.halfOpen)
        case .halfOpen:
            if isTrialUnderWay { return .refused(retryAfter: rule.firstPause) }
        }
        isTrialUnderWay = true
        return .admitted(Ticket(period: period))
    }

    package mutating func report(_ report: Report, of ticket: Ticket, at now: Instant) {
        guard ticket.period == period else { return }
        switch (state, report) {
        case (.closed, .failure):
            let window = rule.window
            failedAt.removeAll { $0 + window <= now }
            failedAt.append(now)
            if failedAt.count >= rule.failures { open(at: now) }
        case (.halfOpen, .success):
            backoff.reset()
            enter(.closed)
        case (.halfOpen, .failure): open(at: now)
        case (.halfOpen, .nothing): isTrialUnderWay = false
        case (.closed, _), (.open, _): break
        }
    }

    private mutating func open(at now: Instant) {
        enter(.open)
        opensUntil = now + backoff.next()
    }

    private mutating func enter(_ state: State) {
        self.state = state
        period += 1
        failedAt = []
        opensUntil = nil
        isTrialUnderWay = false
    }
}
