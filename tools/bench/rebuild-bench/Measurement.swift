import BenchSupport

/// One line of the output: what was measured in alternating rounds, and how it compares.
struct Measurement: Encodable {
    let name: String
    /// What the name stands for.
    let about: String
    /// The name of what its ratio is taken of, in the same rounds.
    var of: String?
    /// The ratio that is to be reached.
    var target: Double?
    /// The median of the rounds' ratios: a round's neighbours share its disturbances.
    var ratio: Double?
    /// Seconds, one number a round.
    var seconds: [Double]?
    /// Of the median round.
    var eventsPerSecond: Int?
    /// Other figures, by name.
    var figures: [String: Double]?
    /// Counts by the upper bound of what was counted, in milliseconds.
    var histogram: [Bin]?

    struct Bin: Encodable {
        let upToMs: Double
        let count: UInt64
        /// Of all, in percent, up to here.
        let percentile: Double
    }

    init(_ name: String, _ about: String) {
        self.name = name
        self.about = about
    }

    /// How long each round took, for a number of events that each handled.
    mutating func timed(_ durations: [Duration], events: Int64) {
        seconds = durations.map(\.seconds)
        eventsPerSecond = Int(Double(events) / (seconds ?? []).median)
    }

    /// Compares rates with those of another measurement in the same rounds.
    mutating func compare(with other: Measurement, target: Double) {
        of = other.name
        self.target = target
        ratio = zip(other.seconds ?? [], seconds ?? []).map { $0 / $1 }.median
    }
}
