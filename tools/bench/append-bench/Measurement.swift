import BenchSupport

/// One line of the output: what was measured in alternating rounds, and how it compares.
struct Measurement {
    let name: String
    /// What the name stands for.
    let about: String
    /// The name of what its ratio is taken of, in the same rounds.
    var base: String?
    /// The ratio that is to be reached.
    var target: Double?
    /// The events a second that are to be reached.
    var targetRate: Int?
    /// What keeps it from being faster, or smaller, as profiles show.
    var limit: String?
    /// Events a second, one number a round.
    var rates: [Double] = []
    /// Other figures of interest, by name.
    var figures: [String: Double] = [:]

    var median: Double { rates.median }

    /// The median of the rounds' ratios: a round's neighbours share its disturbances.
    func ratio(of other: Measurement) -> Double { zip(rates, other.rates).map { $0 / $1 }.median }
}

extension Measurement {
    private struct Line: Encodable {
        let name: String
        let about: String
        let eventsPerSecond: Int?
        let ratio: Double?
        let of: String?
        let target: Double?
        let targetEventsPerSecond: Int?
        let limitedBy: String?
        let rounds: Int?
        let figures: [String: Double]?
    }

    /// - Parameter all: those that were measured in the same rounds.
    func line(among all: [Measurement]) -> some Encodable {
        let base = all.first { $0.name == self.base && !$0.rates.isEmpty }
        return Line(
            name: name, about: about, eventsPerSecond: rates.isEmpty ? nil : Int(median),
            ratio: rates.isEmpty ? nil : base.map(ratio), of: self.base, target: target,
            targetEventsPerSecond: targetRate, limitedBy: limit, rounds: rates.isEmpty ? nil : rates.count,
            figures: figures.isEmpty ? nil : figures)
    }
}
