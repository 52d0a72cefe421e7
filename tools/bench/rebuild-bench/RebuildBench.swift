import ArgumentParser
import BenchSupport
import Installation
import Postgres
import Projector

@main struct RebuildBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rebuild",
        abstract: "Measures how fast read models are rebuilt, how fresh they are, and what a rebuild costs others.",
        discussion: """
            Runs on a PostgreSQL cluster of its own, made in a temporary folder with PostgreSQL's default durability,
            stopped and removed afterwards. What is compared is measured in turn, round after round, so that whatever else
            the machine does disturbs all of it alike: of absolute numbers the medians are printed, of ratios the medians
            of the rounds' ratios. One JSON object a line.
            """)

    @Option(help: "About how many readings the log holds; a third as many other events come on top.")
    var readings: Int64 = 2_000_000

    @Option(help: "How many rounds.")
    var rounds = 5

    @Option(help: "For how many seconds freshness is measured.")
    var liveSeconds = 20

    @Option(help: "For how many seconds each case of what a rebuild costs is measured, in a round.")
    var costSeconds = 6

    @Option(parsing: .upToNextOption, help: "Only these of \(Part.allCases.map(\.rawValue).joined(separator: ", ")).")
    var only: [Part] = []

    @Flag(help: "Compare a log of 10 million events with one of 1 million as well (8 GB of disk, 10 minutes).")
    var long = false

    func validate() throws {
        if readings < 10_000 { throw ValidationError("--readings must be at least 10000") }
        if rounds < 1 { throw ValidationError("--rounds must be at least 1") }
        if liveSeconds < 1 { throw ValidationError("--live-seconds must be at least 1") }
        if costSeconds < 1 { throw ValidationError("--cost-seconds must be at least 1") }
    }

    func run() async throws {
        try await BenchCluster.with(named: "rebuild-bench", measure)
    }

    private func measure(_ target: ConnectionTarget) async throws {
        let logger = BenchCluster.logger
        let connection = try await Connection.open(target, logger: logger)
        defer { connection.close() }
        let output = JSONLines(
            machine: Machine(postgresql: try await connection.query("show server_version")[0].text("server_version")))
        _ = try await Migrator(folder: ReleaseFiles.locate().migrations).run(on: target, logger: logger)
        let events = readings * 4 / 3
        try await FilledLog.fill(events: events, density: events, on: connection)
        let definitions = try ProjectionDefinition.load(from: ReleaseFiles.locate().projections)
        if measures(.speed) {
            let speed = Speed(target: target, logger: logger, rounds: rounds)
            for measurement in try await speed.measure(definitions) { try output.print(measurement) }
        }
        let live = Live(target: target, logger: logger)
        if measures(.live) { try output.print(try await live.measure(definitions, for: .seconds(liveSeconds))) }
        if measures(.cost) {
            let cost = Cost(live: live, rounds: max(1, rounds / 2), duration: .seconds(costSeconds))
            for measurement in try await cost.measure(definitions, rebuilding: "hourly_counts") {
                try output.print(measurement)
            }
        }
        if long {
            let growth = Growth(administration: connection, server: target, logger: logger, rounds: max(1, rounds / 2))
            for measurement in try await growth.measure(definitions) { try output.print(measurement) }
        }
    }

    private func measures(_ part: Part) -> Bool { only.isEmpty || only.contains(part) }
}

enum Part: String, CaseIterable, ExpressibleByArgument {
    case speed, live, cost
}
