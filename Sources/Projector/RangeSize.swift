/// How many events a build's next range has: as many as take about a second.
///
/// A second bounds what a crash costs and how long a lock is held, and makes the price of a transaction small.
struct RangeSize: Sendable {
    static let target = Duration.seconds(1)
    /// The upper bound keeps the memory that aggregating takes within bounds where events cost next to nothing.
    static let bounds: ClosedRange<Int64> = 500...1_000_000
    private static let greatestGrowth = 4.0

    private(set) var events: Int64

    init(events: Int64 = 10_000) { self.events = events }

    /// Learns from a range how long events take. One that was cut short by the end of the log says little.
    mutating func learn(events applied: Int64, took duration: Duration) {
        guard applied >= events / 2 else { return }
        let factor = min(Self.target / max(duration, .milliseconds(1)), Self.greatestGrowth)
        let wanted = min(Double(applied) * factor, Double(Self.bounds.upperBound))
        events = max(Int64(wanted), Self.bounds.lowerBound)
    }
}
