import Foundation

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

extension [Double] {
    /// NaN where there is none.
    var median: Double {
        let sorted = sorted()
        if sorted.isEmpty { return .nan }
        return (sorted[(count - 1) / 2] + sorted[count / 2]) / 2
    }
}

/// Where it was measured; stands on every line.
struct Machine: Encodable {
    let cpu: String
    let cores: Int
    let memoryGB: Int
    let kernel: String
    let postgresql: String

    init(postgresql: String) {
        let information = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
        let model = information.split(separator: "\n").first { $0.hasPrefix("model name") }
        cpu = model?.split(separator: ":").last.map { $0.trimmingCharacters(in: .whitespaces) } ?? "unknown"
        cores = ProcessInfo.processInfo.activeProcessorCount
        memoryGB = Int(ProcessInfo.processInfo.physicalMemory >> 30)
        kernel =
            (try? String(contentsOfFile: "/proc/sys/kernel/osrelease", encoding: .utf8))?
            .trimmingCharacters(in: .whitespacesAndNewlines) ?? "unknown"
        self.postgresql = postgresql
    }
}

/// Prints one JSON object a line, members sorted by name.
struct Printer {
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
        let machine: Machine
    }

    let machine: Machine

    func print(_ measurement: Measurement, among all: [Measurement]) throws {
        let base = all.first { $0.name == measurement.base }
        try print(
            Line(
                name: measurement.name, about: measurement.about,
                eventsPerSecond: measurement.rates.isEmpty ? nil : Int(measurement.median),
                ratio: base.flatMap { $0.rates.isEmpty || measurement.rates.isEmpty ? nil : $0 }.map {
                    rounded(measurement.ratio(of: $0))
                }, of: measurement.base,
                target: measurement.target, targetEventsPerSecond: measurement.targetRate, limitedBy: measurement.limit,
                rounds: measurement.rates.isEmpty ? nil : measurement.rates.count,
                figures: measurement.figures.isEmpty ? nil : measurement.figures.mapValues(rounded), machine: machine))
    }

    private func rounded(_ value: Double) -> Double { value.isFinite ? (value * 1000).rounded() / 1000 : -1 }

    private func print(_ line: Line) throws {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Unbuffered, so that each line is out as soon as it is known.
        try FileHandle.standardOutput.write(contentsOf: try encoder.encode(line) + Data("\n".utf8))
    }
}
