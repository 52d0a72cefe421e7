/// Growing, jittered pauses between attempts.
struct Backoff: Sendable {
    private let first: Duration
    private let longest: Duration
    private var current: Duration

    init(first: Duration = .seconds(1), longest: Duration = .seconds(30)) {
        self.first = first
        self.longest = longest
        current = first
    }

    /// The next pause: half to all of a length that doubles each time.
    mutating func next() -> Duration {
        defer { current = min(longest, current * 2) }
        return current * Double.random(in: 0.5...1)
    }

    mutating func reset() { current = first }
}
