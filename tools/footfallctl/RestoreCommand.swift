import ArgumentParser
import EventLog

struct RestoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Bring archived events back into the database.",
        discussion: "Whole partitions come back, the last one first. The files stay where they are.")

    @OptionGroup var database: DatabaseOptions

    @Option(help: "The position from which on no event is to be archived any more; by default the first one.")
    var from: Int64 = 1

    func validate() throws {
        if from < 1 { throw ValidationError("--from is \(from); positions begin at 1") }
    }

    func run() async throws {
        try await database.withDatabase { [from] target in
            try await Archiver(on: target, logger: .operators).restore(from: from) { step in
                guard case .restored(let first, let last) = step else { return }
                print("restored positions \(first) to \(last)")
            }
        }
    }
}
