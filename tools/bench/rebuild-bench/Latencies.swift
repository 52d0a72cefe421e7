import Histogram

/// How long many things took.
struct Latencies {
    /// In microseconds.
    private var histogram = Histogram<UInt64>(
        highestTrackableValue: 600_000_000, numberOfSignificantValueDigits: .three)

    init() {}

    init(_ durations: [Duration]) {
        for duration in durations { histogram.record(UInt64(max(0, duration / .microseconds(1)))) }
    }

    var count: UInt64 { histogram.totalCount }

    func milliseconds(atPercentile percentile: Double) -> Double {
        Double(histogram.valueAtPercentile(percentile)) / 1000
    }

    /// By powers of two of milliseconds, from half of one.
    var bins: [Measurement.Bin] {
        var bins: [Measurement.Bin] = []
        var from: UInt64 = 0
        var to: UInt64 = 500
        while from <= histogram.max {
            let count = histogram.count(within: from...to)
            bins.append(
                Measurement.Bin(
                    upToMs: Double(to) / 1000, count: count, percentile: histogram.percentileAtOrBelowValue(to)))
            from = to + 1
            to *= 2
        }
        return bins
    }
}
