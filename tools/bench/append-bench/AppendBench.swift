import ArgumentParser
import BenchSupport
import Postgres

@main struct AppendBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "append",
        abstract: "Measures how fast the event log takes events in and gives them out.",
        discussion: """
            Runs on a PostgreSQL cluster of its own, made in a temporary folder with PostgreSQL's default durability (fsync on,
            each append acknowledged after its commit), stopped and removed afterwards. Everything is measured in short rounds,
            one after another in turn, so that whatever else the machine does disturbs all of them alike: of absolute numbers
            the medians are printed, of ratios the medians of the rounds' ratios. One JSON object a line.
            """)

    @Option(help: "About how many events each measurement appends in one round.")
    var events = 20_000

    @Option(help: "How many rounds.")
    var rounds = 15

    @Option(
        parsing: .upToNextOption,
        help: "Measure only these ways of appending, by name, and not what is read; name their bases too.")
    var only: [String] = []

    @Flag(help: "Compare a log of 10 million events with one of 100 thousand as well (15 GB of disk, 10 minutes).")
    var long = false

    func validate() throws {
        if events < 1000 { throw ValidationError("--events must be at least 1000") }
        if rounds < 1 { throw ValidationError("--rounds must be at least 1") }
    }

    func run() async throws {
        try await BenchCluster.with(named: "append-bench", measure)
    }

    private func measure(_ target: ConnectionTarget) async throws {
        let administration = try await Connection.open(target, logger: BenchCluster.logger)
        defer { administration.close() }
        let output = JSONLines(
            machine: Machine(
                postgresql: try await administration.query("show server_version")[0].text("server_version")))
        func print(_ measurements: [Measurement]) throws {
            for measurement in measurements { try output.print(measurement.line(among: measurements)) }
        }

        let database = try await BenchDatabase(named: "append", on: target, administration)
        defer { database.close() }
        try print(try await Rounds(events: events, rounds: rounds, only: Set(only)).run(on: database))
        if !only.isEmpty { return }
        try print(try await Reading.measure(database, rounds: max(3, rounds / 3)))
        try print([try await Size.measure(database)])
        if long { try print(try await LongLog.measure(target, administration, rounds: rounds)) }
    }
}
