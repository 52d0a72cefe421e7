import ArgumentParser
import EventLog
import EventSourcing
import Foundation
import Installation
import Logging
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
        let folder = FileManager.default.temporaryDirectory.appending(
            path: "append-bench-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(
            at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
        let logger = Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() }
        var outcome = Result<Void, any Error>.success(())
        do {
            let server = try await EmbeddedPostgres.start(in: folder, logger: logger)
            do { try await measure(server.target, logger) } catch { outcome = .failure(error) }
            try await server.stop()
        } catch {
            outcome = .failure(error)
        }
        try FileManager.default.removeItem(at: folder)
        try outcome.get()
    }

    private func measure(_ target: ConnectionTarget, _ logger: Logger) async throws {
        let administration = try await Connection.open(target, logger: logger)
        defer { administration.close() }
        let version = try await administration.query("show server_version")[0].text(0)
        let printer = Printer(machine: Machine(postgresql: version))

        let database = try await BenchDatabase(named: "append", on: target, administration, logger)
        let measurements = try await Rounds(events: events, rounds: rounds, only: Set(only)).run(on: database)
        for measurement in measurements { try printer.print(measurement, among: measurements) }
        if !only.isEmpty {
            database.close()
            return
        }
        let reading = try await Reading.measure(database, rounds: max(3, rounds / 3))
        for measurement in reading { try printer.print(measurement, among: reading) }
        try printer.print(try await Size.measure(database), among: [])
        database.close()
        if long {
            let long = try await LongLog.measure(target, administration, rounds: rounds, logger)
            for measurement in long { try printer.print(measurement, among: long) }
        }
    }
}
