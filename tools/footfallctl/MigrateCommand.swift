import ArgumentParser
import Installation
import Postgres

struct MigrateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate", abstract: "Bring the database's lasting tables up to this release.")

    @OptionGroup var database: DatabaseOptions

    func run() async throws {
        try await database.withDatabase { target in
            let applied = try await Migrator(folder: ReleaseFiles.locate().migrations).run(
                on: target, logger: .operators)
            for name in applied { print("applied \(name)") }
            if applied.isEmpty { print("nothing to apply") }
        }
    }
}
