import ArgumentParser
import BenchSupport
import Foundation
import Installation
import Postgres

@main struct HTTPBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "http",
        abstract: "Measures how fast the API answers, beside a plain hello of the same HTTP library.",
        discussion: """
            Starts footfall up, with a database of its own in a temporary folder and PostgreSQL's default durability, as it \
            runs anywhere: authentication and permissions on, readings acknowledged after their commit. What is measured takes \
            turns, round after round, so that whatever else the machine does disturbs all alike: of absolute numbers the \
            medians are printed, of ratios the medians of the rounds' ratios. A request that is refused or not answered ends \
            the run. One JSON object a line.
            """,
        subcommands: [Measure.self, Hello.self], defaultSubcommand: Measure.self)
}

struct Measure: AsyncParsableCommand {
    @Option(help: "The script for wrk.")
    var script: String

    @Option(help: "How many rounds.")
    var rounds = 7

    @Option(help: "How long each measurement takes in one round.")
    var seconds = 4

    @Option(help: "How many connections.")
    var connections = 64

    @Option(help: "How many cameras are registered.")
    var cameras = 1000

    func validate() throws {
        if rounds < 1 { throw ValidationError("--rounds must be at least 1") }
        if seconds < 1 { throw ValidationError("--seconds must be at least 1") }
        if connections < 1 { throw ValidationError("--connections must be at least 1") }
        // Two requests to one camera may not be under way at once.
        if cameras < 2 * connections { throw ValidationError("--cameras must be at least twice --connections") }
    }

    func run() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "http-bench-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(
            at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
        defer { try? FileManager.default.removeItem(at: folder) }  // a folder in the temporary one may stay
        guard let programs = ReleaseFiles.runningExecutable?.deletingLastPathComponent() else {
            throw Load.Failure(description: "the folder of this program's executable is not known")
        }
        let hello = try Server(programs.appending(path: "http-bench"), ["hello"])
        defer { hello.stop() }
        let footfall = try Server(
            programs.appending(path: "footfall"),
            ["up", "--no-worker", "--port", "0", "--data-dir", folder.path, "--log-level", "error"],
            environment: ["FOOTFALL_RATE_LIMIT": "off"])
        defer { footfall.stop() }
        let client = try await BenchClient(footfall.base, dataDirectory: folder, programs: programs)
        let fleet = try await client.registerCameras(cameras)
        let database = try await EmbeddedPostgres.start(in: folder, logger: BenchCluster.logger)

        var rounds = Rounds(
            load: Load(script: script, connections: connections, seconds: seconds), hello: hello, footfall: footfall,
            client: client, fleet: fleet, database: database.target)
        try await rounds.run(self.rounds)
        try await rounds.print()
    }
}
